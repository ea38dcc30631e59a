#!/usr/bin/env bash
# Runs a Python 2 script inside GIMP 2.10. This is started in the root, by tests/gimp210/running.py.
#
#   start.sh SECONDS SCRIPT        SCRIPT lies beside this; GIMP is killed after so many seconds
#
# Where there is a $DISPLAY, GIMP has windows.
#
# GIMP 2.10 ends with 0 whatever failed, so the exit code is made here: 0 where the script came to its end.
set -euo pipefail

here=$(dirname -- "$0")
export GIMP2_DIRECTORY=/tmp/gimp2 PYTHONDONTWRITEBYTECODE=1
cp -r /var/cache/gimp2-directory "$GIMP2_DIRECTORY"
mkdir -p "$GIMP2_DIRECTORY"/{gradients,plug-ins}
cp -r /mnt/plug-ins "$GIMP2_DIRECTORY/"
program=(gimp-console --no-interface)
[[ -z ${DISPLAY:-} ]] || program=(gimp --no-splash)
timeout --kill-after=5 "$1" "${program[@]}" --batch-interpreter=python-fu-eval --batch "
import sys
sys.path[:0] = ['$here', '$here/..']
execfile('$here/$2.py')
open('/tmp/ended', 'w').close()" --batch 'pdb.gimp_quit(1)' </dev/null
[[ -e /tmp/ended ]]
