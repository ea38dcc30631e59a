#!/usr/bin/env bash
# A screen for GIMP 2.10, and a hand that presses Ctrl+Z twice. Started in a root that has Xvfb and xdotool.
#
#   keys.sh DISPLAY        its number; /mnt/shared is the folder of the checks
set -euo pipefail

shared=/mnt/shared
export DISPLAY=:$1

until_there() { # FILE
  for ((i = 0; i < 600; i++)); do
    [[ ! -e $shared/$1 ]] || return 0
    sleep 0.1
  done
  printf 'keys.sh: %s never came\n' "$1" >&2
  exit 1
}

Xvfb "$DISPLAY" -screen 0 1280x900x24 -nolisten tcp &
until xdotool getdisplaygeometry >/dev/null 2>&1; do sleep 0.1; done
openbox &
: >"$shared/windows-screen"
until_there windows-done
for number in 1 2; do
  sleep 0.5
  xdotool search --onlyvisible --name ' – GIMP$' windowactivate --sync key --clearmodifiers ctrl+z
  sleep 1
  import -window root "$shared/windows-$number.png"
  : >"$shared/windows-$number"
  until_there "windows-$number-seen"
done
wait # the screen stays until the tests end it
