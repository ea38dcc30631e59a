#!/usr/bin/env bash
# Runs a command in the folder of another Debian system, and leaves nothing behind: no file, no mount, no process.
#
#   in-root.sh [--writable] [--machine] [--bind FOLDER:/mnt/NAME]... ROOT COMMAND [WORD]...
#   in-root.sh --check                    only whether this is possible here
#
# ROOT is read-only unless --writable; /tmp, /run and /mnt are empty, private and in memory. --bind shows a folder of
# this machine below /mnt or /tmp; --machine shows all of this machine in /mnt/machine, where `chroot` can run its
# programs. The environment is emptied but for proxies: `env NAME=VALUE COMMAND` passes more. When the command ends, or
# this script is killed, whatever it started is killed too. Exit code: the command's; 3 where mounting is not allowed.
set -euo pipefail

# Only who may mount and make namespaces can do any of this
unshare --mount --pid --fork --propagation private mount -t proc proc /proc 2>/dev/null || {
  printf 'in-root.sh: this needs root, with the right to mount and to unshare\n' >&2
  exit 3
}
[[ ${1:-} != --check ]] || exit 0

writable='' machine='' binds=()
while (($#)); do
  case $1 in
    --writable) writable=yes ;;
    --machine) machine=yes ;;
    --bind)
      binds+=("$2")
      shift
      ;;
    *) break ;;
  esac
  shift
done
(($# >= 2)) || {
  sed -n '2,/^set /{/^#/p}' -- "$0" >&2
  exit 2
}
root=$(realpath -e -- "$1")
shift

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp/home LC_ALL=C.UTF-8)
for name in http_proxy https_proxy no_proxy; do
  [[ -z ${!name:-} ]] || environment+=("$name=${!name}")
done

exec 9<"$root" # make-root.sh replaces a root only when nobody is in it
flock --shared 9

# pivot_root, not chroot: programs in a chroot may not make user namespaces, which GIMP 3.2 has its image loaders use.
# The command is not exec'ed: a shell is process 1, so that the command has the usual effect of signals.
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child --propagation private -- env -i "${environment[@]}" bash -c '
set -euo pipefail
root=$1 writable=$2 machine=$3 count=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/mnt"
mkdir "$root/tmp/home"
if [[ -n $machine ]]; then
  mkdir "$root/mnt/machine"
  mount --rbind / "$root/mnt/machine"
  mount -t proc proc "$root/mnt/machine/proc"
fi
for ((i = 0; i < count; i++)); do
  mkdir -p "$root${1##*:}"
  mount --bind "${1%:*}" "$root${1##*:}"
  shift
done
[[ -n $writable ]] || mount -o remount,bind,ro "$root"
cd "$root"
pivot_root . .
umount -l .
cd /
exec 9<&-
code=0
"$@" || code=$?
exit "$code"' bash "$root" "$writable" "$machine" "${#binds[@]}" "${binds[@]}" "$@"
