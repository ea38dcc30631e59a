#!/usr/bin/env bash
# Installs GIMP 2.10 into a folder of the user's cache and builds its Python-Fu there, once; prints the folder's path.
# Debian 12 has GIMP 2.10, but no Python 2, and so no Python-Fu. Run by hand: it takes some minutes.
#
#   make-root-2.10.sh
#
#   PYTHON2_PREFIX    where a Python 2.7 is installed, with headers and pip; without it, pyenv's
#
# Needs what make-root.sh needs, and a package index for pip. Python 2 is copied to /opt/python2.7 in there, and
# Python-Fu lies in /opt/pygimp. It has no PyGTK, hence no dialogs.
set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
archive=PyGObject-3.36.1.tar.gz # the last one for Python 2
sha256=012a589aec687bfa809a1ff9f5cd775dc7f6fcec1a6bc7fe88e1002a68f8ba34

fail() { # REASON
  printf 'make-root-2.10.sh: %s\n' "$1" >&2
  exit 1
}

find_python() { # prints the prefix of a Python 2.7
  local prefix=${PYTHON2_PREFIX:-}
  [[ -n $prefix ]] || prefix=$(compgen -G "$(pyenv root 2>/dev/null)/versions/2.7.*" | tail -n 1) || true
  [[ -x $prefix/bin/python2.7 ]] || fail 'no Python 2.7: pyenv install 2.7.18, or set PYTHON2_PREFIX'
  printf '%s\n' "$prefix"
}

root=$("$here/make-root.sh" bookworm python2)
if [[ ! -e $root/opt/pygimp/complete ]]; then
  prefix=$(find_python)
  work=$(mktemp -d)
  trap 'rm -rf -- "$work"' EXIT

  # pip stores the archive, and then fails to read what is in it, since it lacks cairo
  "$prefix/bin/python2.7" -m pip download -q --no-deps --no-binary :all: --no-build-isolation -d "$work" \
    PyGObject==3.36.1 >"$work/log" 2>&1 || true
  [[ -e $work/$archive ]] || fail "PyGObject cannot be fetched: $(tail -n 1 -- "$work/log")"
  sha256sum --quiet -c <<<"$sha256  $work/$archive"
  rm -rf -- "$root/opt/python2.7" "$root/opt/pygimp"
  cp -a -- "$prefix" "$root/opt/python2.7"
  cp -- "$here/build-pygimp.sh" "$work/"
  "$here/in-root.sh" --writable --bind "$work:/mnt/work" "$root" /mnt/work/build-pygimp.sh >"$work/log" 2>&1 || {
    tail -n 30 -- "$work/log" >&2
    fail 'Python-Fu could not be built'
  }
fi
printf '%s\n' "$root"
