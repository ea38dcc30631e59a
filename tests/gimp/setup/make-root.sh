#!/usr/bin/env bash
# Installs a Debian suite with GIMP into a folder of the user's cache, once, and prints the folder's path.
#
#   make-root.sh SUITE [KIND]            trixie has GIMP 3.0, forky 3.2, bookworm 2.10
#   make-root.sh --find SUITE [KIND]     only prints the path; exit code 1 where it is not there, complete and up to date
#
#   KIND             batch (the default), desktop (with what drives windows, and Chinese) or python2 (to build Python-Fu)
#   DEBIAN_MIRROR    address of a Debian mirror; without it, the one in this machine's apt sources
#
# Needs root and apt. It is made beside its place and renamed at the end, so a broken run leaves nothing half done; of
# two runs at once, the second waits; where this script was changed, it is made anew.
# Exit code 3: it cannot be made on this machine, and the last line of standard error says why.
set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

usage() {
  sed -n '2,/^set /{/^#/p}' -- "$0" >&2
  exit 2
}

cannot() { # REASON
  printf 'make-root.sh: %s\n' "$1" >&2
  exit 3
}

quietly() { # COMMAND...; its words are shown where it fails
  "$@" >"$work/log" 2>&1 && return
  tail -n 30 -- "$work/log" >&2
  printf 'make-root.sh: failed: %s\n' "$*" >&2
  exit 1
}

packages() { # KIND
  local bindings=(gimp gir1.2-gimp-3.0 python3 python3-gi)
  case $1 in
    batch) printf '%s\n' "${bindings[@]}" ;;
    desktop)
      printf '%s\n' "${bindings[@]}" gir1.2-gtk-3.0 python3-gi-cairo xvfb xauth openbox xdotool imagemagick dbus-x11 \
        locales fonts-wqy-zenhei
      ;;
    python2)
      printf '%s\n' gimp libgimp2.0-dev build-essential pkg-config libgirepository1.0-dev libffi-dev python3 libssl3 \
        libsqlite3-0 libreadline8 libbz2-1.0
      ;;
    *) usage ;;
  esac
}

mirror_in_sources() { # its address; nothing where apt has fetched no lists yet, and cannot tell whose the sources are
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

find_mirror() { # SUITE; prints the address of one that answers
  local mirror=${DEBIAN_MIRROR:-}
  [[ -n $mirror ]] || mirror=$(mirror_in_sources)
  if [[ -z $mirror ]]; then
    apt-get -qq update >/dev/null 2>&1 || cannot "apt cannot fetch its lists: see apt-get update"
    mirror=$(mirror_in_sources)
  fi
  [[ -n $mirror ]] || cannot "the apt sources have no mirror of Debian: set DEBIAN_MIRROR"
  /usr/lib/apt/apt-helper -qq download-file "${mirror%/}/dists/$1/InRelease" "$work/InRelease" >/dev/null 2>&1 ||
    cannot "the mirror of Debian in the apt sources does not answer for $1"
  printf '%s\n' "$mirror"
}

find_debootstrap() { # prints its path; it is a shell script, which can also be run unpacked
  local found
  if found=$(command -v debootstrap); then
    readlink -f -- "$found" # /sbin may be a link to /usr/sbin
    return
  fi
  (
    cd -- "$work"
    apt-get -qq download debootstrap || { apt-get -qq update && apt-get -qq download debootstrap; }
    dpkg -x debootstrap_*.deb unpacked
  ) >"$work/log" 2>&1 || cannot "debootstrap is not here and cannot be fetched: $(tail -n 1 -- "$work/log")"
  printf '%s\n' "$work/unpacked/usr/sbin/debootstrap"
}

set_up() { # SUITE KIND FOLDER
  local suite=$1 kind=$2 part=$3 mirror debootstrap script
  mirror=$(find_mirror "$suite")
  debootstrap=$(find_debootstrap)
  export DEBOOTSTRAP_DIR=${debootstrap%/sbin/*}/share/debootstrap
  script=$DEBOOTSTRAP_DIR/scripts/$suite
  [[ -e $script ]] || script=$DEBOOTSTRAP_DIR/scripts/sid # a suite that is younger than debootstrap
  quietly unshare --mount --propagation private \
    "$debootstrap" --variant=minbase --keyring="$keyring" "$suite" "$part" "$mirror" "$script"

  cp -L /etc/resolv.conf /etc/hosts "$part/etc/"
  printf '#!/bin/sh\nexit 101\n' >"$part/usr/sbin/policy-rc.d" # no service is started in there
  chmod 755 "$part/usr/sbin/policy-rc.d"
  printf '%s\n' 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' 'path-exclude=/usr/share/locale/*' \
    'path-include=/usr/share/locale/zh_CN/*' 'path-include=/usr/share/locale/locale.alias' force-unsafe-io \
    >"$part/etc/dpkg/dpkg.cfg.d/slim"
  # What this machine's apt needs to reach its mirror: a proxy, say, or leave to use a Release that has expired
  apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy|Retries) ' \
    >"$part/etc/apt/apt.conf.d/50machine" || true

  mapfile -t wanted < <(packages "$kind")
  # shellcheck disable=SC2016
  quietly "$here/in-root.sh" --writable "$part" env DEBIAN_FRONTEND=noninteractive sh -ec '
    apt-get -q update
    apt-get -q -y --no-install-recommends install "$@"
    apt-get clean' sh "${wanted[@]}"
  [[ $kind != desktop ]] || quietly "$here/in-root.sh" --writable "$part" localedef -i zh_CN -f UTF-8 zh_CN.UTF-8
  [[ $kind == python2 ]] || ask_plug_ins "$part"
}

# GIMP asks each of its own plug-ins once, and keeps what they say in pluginrc; every run of a test begins with a copy
ask_plug_ins() { # FOLDER
  # shellcheck disable=SC2016
  quietly "$here/in-root.sh" --writable "$1" sh -ec '
    export GIMP3_DIRECTORY=/var/cache/gimp3-directory
    mkdir -p "$GIMP3_DIRECTORY"
    gimp-console --no-interface --batch-interpreter=python-fu-eval --batch "print(Gimp.version())" --quit
    test -s "$GIMP3_DIRECTORY/pluginrc"'
}

only_find=''
[[ ${1:-} != --find ]] || {
  only_find=yes
  shift
}
(($# >= 1 && $# <= 2)) || usage
suite=$1 kind=${2:-batch}
packages "$kind" >/dev/null
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bshm-tests
root=$cache/gimp-$suite
[[ $kind == batch ]] || root+=-$kind
recipe=$(sha256sum <"$here/make-root.sh")

is_complete() { [[ -e $root/.recipe && $(<"$root/.recipe") == "$recipe" ]]; }

if [[ -n $only_find ]]; then
  is_complete || exit 1
  printf '%s\n' "$root"
  exit
fi
((EUID == 0)) || cannot "this needs root"
command -v apt-get >/dev/null || cannot "this needs apt"
[[ -e $keyring ]] || cannot "Debian's keyring is not here: install debian-archive-keyring"
mkdir -p -- "$cache"
exec 8>"$root.lock"
flock 8
if ! is_complete; then
  work=$(mktemp -d)
  trap 'rm -rf -- "$work"' EXIT
  rm -rf --one-file-system -- "$root.part"
  "$here/in-root.sh" --check || exit
  set_up "$suite" "$kind" "$root.part"
  printf '%s\n' "$recipe" >"$root.part/.recipe"
  if [[ -e $root ]]; then
    exec 9<"$root"
    flock 9 # until nobody is in the old one
    rm -rf --one-file-system -- "$root"
  fi
  mv -- "$root.part" "$root"
fi
printf '%s\n' "$root"
