#!/usr/bin/env bash
# Runs a command where this user's systemd runs, on a machine that was not booted with it.
#
#   user_manager.sh COMMAND [ARGUMENT]...
#
# Everything has namespaces of its own (mounts, processes, cgroups; an empty /run), and ends with the command, whose exit
# code is passed on. 75: it cannot be had here, standard error says why. Root alone may do this.
set -euo pipefail

readonly CANNOT=75 MANAGER=/lib/systemd/systemd

if [[ ${1:-} != --inside ]]; then
  cannot() { # WHY
    printf '%s\n' "$1" >&2
    exit "$CANNOT"
  }
  ((EUID == 0)) || cannot "only root can start a manager in namespaces of its own"
  [[ -x $MANAGER ]] || cannot "systemd is not installed"
  mounted=$(findmnt --noheadings --types cgroup2 --output TARGET --first-only) || cannot "no cgroup v2 is mounted"
  group=$mounted/bshm-test-$$
  mkdir -- "$group" 2>/dev/null || cannot "no cgroup can be made"
  trap 'find "$group" -depth -type d -exec rmdir -- {} \;' EXIT
  unshare --mount --pid --cgroup --fork true 2>/dev/null || cannot "namespaces cannot be made"
  code=0
  # It is in the new cgroup before it unshares: that one is the root of what it sees
  bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$group" \
    unshare --mount --pid --cgroup --fork --kill-child --propagation private -- bash "$0" --inside "$@" || code=$?
  exit "$code"
fi
shift

mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
export XDG_RUNTIME_DIR=/run/user/$EUID
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR" # without the first, systemd says that the machine was not booted with it
chmod 700 "$XDG_RUNTIME_DIR"
unset DBUS_SESSION_BUS_ADDRESS # systemctl --user then asks the manager itself

service=/sys/fs/cgroup/user.slice/user-$EUID.slice/user@$EUID.service
mkdir -p "$service"
(
  echo 0 >"$service/cgroup.procs"
  exec "$MANAGER" --user --log-target=console 2>/run/manager.log
) &
for _ in {1..100}; do
  if [[ -S $XDG_RUNTIME_DIR/systemd/private ]]; then break; fi
  sleep 0.1
done
[[ -S $XDG_RUNTIME_DIR/systemd/private ]] || { cat /run/manager.log >&2 && exit 1; }
code=0
"$@" || code=$?
exit "$code"
