#!/usr/bin/env bash
# Runs a function inside GIMP 3 without windows. This is started in the root, by tests/gimp/running.py.
#
#   start-gimp3.sh SECONDS MODULE        calls main() of tests.gimp.inside.MODULE; killed after so many seconds
#
# /mnt/lib/tests/gimp has the tests' files, /mnt/plug-ins the plug-ins. Exit code: 0 where main() raised nothing.
set -euo pipefail

export GIMP3_DIRECTORY=/tmp/gimp3
cp -r /var/cache/gimp3-directory "$GIMP3_DIRECTORY"
cp -r /mnt/plug-ins "$GIMP3_DIRECTORY/"
exec timeout --kill-after=5 "$1" gimp-console --no-interface --batch-interpreter=python-fu-eval --batch "
import sys
sys.path.insert(0, '/mnt/lib')
from tests.gimp.inside.$2 import main
main()" --quit </dev/null
