#!/usr/bin/env bash
# Drives GIMP 3's windows with the keyboard and photographs them. This is started in the root, by tests.gimp.desktop.
#
#   drive.sh LANGUAGE        en or zh_CN
#
# Fails where a window that must appear does not.
set -euo pipefail

export GIMP3_DIRECTORY=/tmp/gimp3 BSHM_SOCKET=/tmp/engine.sock XDG_RUNTIME_DIR=/tmp/runtime NO_AT_BRIDGE=1
[[ $1 == en ]] || export LC_ALL=$1.UTF-8 LANGUAGE=$1
ln -s /mnt/sockets/engine.sock "$BSHM_SOCKET"
mkdir -m 700 "$XDG_RUNTIME_DIR"
cp -r /var/cache/gimp3-directory "$GIMP3_DIRECTORY"
cp -r /mnt/shared/plug-ins "$GIMP3_DIRECTORY/"
# Without its version in gimprc, GIMP's welcome covers everything
version=$(LC_ALL=C.UTF-8 gimp-console --version | grep -o '[0-9.]*$')
printf '(show-welcome-dialog no)\n(check-updates no)\n(config-version "%s")\n' "$version" >"$GIMP3_DIRECTORY/gimprc"

Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp 3>/tmp/display 2>/tmp/xvfb.log &
until [[ -s /tmp/display ]]; do
  kill -0 $! || exit 1
  sleep 0.1
done
DISPLAY=:$(</tmp/display)
export DISPLAY
until xdotool getdisplaygeometry >/dev/null 2>&1; do sleep 0.1; done
openbox 2>/tmp/openbox.log &
until xdotool get_desktop >/dev/null 2>&1; do sleep 0.1; done # the window manager is there
eval "$(dbus-launch --sh-syntax)"
gimp --no-splash --new-instance /mnt/shared/photo.png >/tmp/gimp.log 2>&1 &

picture() { # NAME
  sleep "${2:-1}"
  import -window root "/mnt/pictures/$1.png"
}

window() { # PATTERN; waits for such a window, and prints its number
  local found
  for _ in {1..120}; do
    found=$(xdotool search --onlyvisible --name "$1" 2>/dev/null | head -n 1) || true
    [[ -z $found ]] || { printf '%s\n' "$found" && return; }
    sleep 0.5
  done
  printf 'no window is called %s\n' "$1" >&2
  tail -n 20 /tmp/gimp.log >&2
  import -window root /mnt/pictures/missing.png
  return 1
}

press() { # WINDOW KEY...
  xdotool windowactivate --sync "$1"
  shift
  for key; do
    xdotool key "$key"
    sleep 0.5
  done
}

entry() { press "$main" alt+l b; } # the plug-in's, in the menu Layer

main=$(window 'photo.*GIMP')
xdotool mousemove 1279 899 windowmove "$main" 0 0 windowsize "$main" 1270 860
sleep 3
press "$main" alt+l
picture 1-menu
press "$main" Escape Escape

entry
dialog=$(window '^BSHM Cut Out$')
picture 2-dialog
press "$dialog" Return
picture 3-progress 0
sleep 8
picture 4-mask
press "$main" ctrl+z
picture 5-undone

entry
dialog=$(window '^BSHM Cut Out$')
press "$dialog" Return
xdotool mousemove 968 862 click 1 mousemove 1012 862 click 1 # the button beside the progress bar, of either version
picture 6-cancelled
xdotool mousemove 1279 899

entry # another choice, which is remembered by the next two runs
dialog=$(window '^BSHM Cut Out$')
press "$dialog" alt+e space Down Return
picture 7-chosen
press "$dialog" alt+o
sleep 8
press "$main" ctrl+f
sleep 8
picture 8-repeated
entry
dialog=$(window '^BSHM Cut Out$')
picture 9-remembered
press "$dialog" Escape

rm "$BSHM_SOCKET"
entry
dialog=$(window '^BSHM Cut Out$')
press "$dialog" Return
window '^GIMP (Message|消息|信息)$' >/tmp/message
picture 10-error
