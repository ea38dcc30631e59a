#!/usr/bin/env bash
# Sets BSHM Cut Out up for the user who runs it; the usage below says how. Safe to run again: what is done already is
# left as it is. Root is needed only where a Debian package is missing.
#
# Parts can be tried one at a time: `source install.sh` defines the functions and does nothing.
set -euo pipefail

PROJECT=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
VENV=$PROJECT/.venv
BSHM=$VENV/bin/bshm
STAMP=$VENV/bshm-installed # for which folder, pyproject.toml and requirements.lock the packages were installed
readonly PROJECT VENV BSHM STAMP

unset PYTHONPATH PYTHONHOME # they would mix another environment into ours
PATH=${PATH//"$VENV/bin:"/} # where ours is active and must be made anew, it cannot make itself

usage() {
  cat <<'END'
Usage: ./install.sh                  set everything up: environment, packages, networks, config, the command bshm
       ./install.sh --run [--once] [PHOTO...]
                                     the same, then drop these photos (default: one of the project's) into the hot folder
                                     ~/BSHM/in, print the paths of what comes out, and go on watching until Ctrl-C;
                                     with --once end when the photos are done
       ./install.sh --gimp           the same, then put the plug-in into every GIMP that is found
       ./install.sh --tf1 [--tf1-python PATH]
                                     the same, then TensorFlow 1.15.5 for BSHM's own graph, with this Python 3.7
       ./install.sh --torch [cpu]    the same, then PyTorch for a GPU (done unasked where one is found), or any build of it
       ./install.sh --test           the same with the tools of the tests, then lint, types and the whole test suite
       ./install.sh --uninstall      take back what was put outside the project folder; pictures are never touched
       ./install.sh --help           this text

Photos that are dropped into ~/BSHM/in come out in ~/BSHM/out, unless the config file says otherwise; ~/BSHM is
$BSHM_HOME where that is set.
END
}
say() { printf '%s\n' "$@"; } # LINE...

fail() { # LINE...
  printf 'install.sh: %s\n' "$1" >&2
  (($# == 1)) || printf '  %s\n' "${@:2}" >&2
  exit 1
}

unknown() { # WORD
  printf "install.sh: '%s' is not an option that is known here. See ./install.sh --help\n" "$1" >&2
  exit 2
}

# --- Where things lie outside the project ---------------------------------------------------------------------------

xdg_folder() { # VARIABLE DEFAULT; the XDG specification has relative paths ignored
  local named=${!1:-}
  [[ $named == /* ]] || named=$HOME/$2
  printf '%s\n' "$named/bshm"
}
config_file() { printf '%s\n' "$(xdg_folder XDG_CONFIG_HOME .config)/config.yaml"; }
link_file() { printf '%s\n' "$HOME/.local/bin/bshm"; }
hot_folder() { printf '%s\n' "${BSHM_HOME:-$HOME/BSHM}/in"; }

# --- Python and its environment -------------------------------------------------------------------------------------

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() { # prints the first that can make environments, else the first that is recent enough, else fails
  local name path recent=''
  for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if ! path=$(command -v "$name") || ! is_recent "$path"; then continue; fi
    if makes_environments "$path"; then recent=$path && break; fi
    recent=${recent:-$path}
  done
  [[ -n $recent ]] && printf '%s\n' "$recent"
}

install_debian_packages() { # PACKAGE...; fails where this is no Debian, or nobody is there to type sudo's password
  local get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  command -v apt-get >/dev/null || return 1
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then return 1; fi
    get=(sudo "${get[@]}")
  fi
  say "Debian packages are missing and will be installed: $*"
  "${get[@]}" install -y "$@" || { "${get[@]}" update && "${get[@]}" install -y "$@"; }
}

need_python() { # prints the Python to use; all other words go to standard error
  local python package
  if ! python=$(find_python); then
    install_debian_packages python3 python3-venv >&2 || true
    python=$(find_python) || fail "Python 3.11 or later is needed and was not found." \
      "On Debian 12, Ubuntu 24.04 and later, paste: sudo apt-get install python3 python3-venv" \
      "Elsewhere install it in your system's way, so that python3 or python3.11 is on PATH. Then run this again."
  fi
  if ! makes_environments "$python"; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    install_debian_packages "$package" >&2 || true
    makes_environments "$python" || fail "$python lacks the modules that make environments (venv, ensurepip)." \
      "On Debian and Ubuntu, paste: sudo apt-get install $package" \
      "Elsewhere install your system's package of Python's venv module. Then run this again."
  fi
  printf '%s\n' "$python"
}

# Not so where Python was upgraded below it, or the project folder was moved: scripts in it carry the folder's name
environment_is_sound() {
  "$VENV/bin/python" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
  [[ ! -e $STAMP || $(head -n 1 -- "$STAMP") == "$PROJECT" ]]
}

make_environment() {
  local python
  [[ ! -e $VENV || -w $VENV ]] || fail "The environment in .venv belongs to another user (after a run with sudo, say)." \
    "Paste: sudo rm -rf '$VENV'" "Then run this again."
  if environment_is_sound; then return; fi
  python=$(need_python)
  [[ ! -e $VENV ]] ||
    say "The environment in .venv does not work here (moved, half made, or Python was upgraded): it is made anew."
  "$python" -m venv --clear "$VENV" || fail "The environment could not be made in $VENV; Python says above why."
  say "Environment: made in .venv with $("$VENV/bin/python" --version) ($python)"
}

# --- Packages -------------------------------------------------------------------------------------------------------

wanted_stamp() { # EXTRA
  printf '%s\n' "$PROJECT" "$1"
  cat -- "$PROJECT/pyproject.toml" "$PROJECT/requirements.lock" | sha256sum
}

packages_are_there() { # EXTRA, or an empty word; packages that came with the extra serve who asks for none
  local extra
  for extra in "$1" test; do
    if [[ -x $BSHM && -e $STAMP && $(<"$STAMP") == "$(wanted_stamp "$extra")" ]]; then
      "$VENV/bin/python" -m pip --disable-pip-version-check check >/dev/null
      return
    fi
  done
  return 1
}

install_packages() { # EXTRA, or an empty word
  if packages_are_there "$1"; then say "Packages: all there" && return; fi
  say "Packages: being installed; the first time about 130 MB are fetched ..."
  # From inside the folder, so that pip need not parse its name; binary packages alone, so that no compiler is needed
  (cd -- "$PROJECT" && PIP_USER=0 "$VENV/bin/python" -m pip --disable-pip-version-check install --quiet \
    --only-binary :all: --constraint requirements.lock --editable ".${1:+[$1]}") ||
    fail "The packages could not be installed; pip says above why. Run this again when that is mended." \
      "Offline: connect first; what was fetched already is not fetched again." \
      "Behind a proxy: export HTTPS_PROXY=http://HOST:PORT" \
      "With a mirror: pip config set global.index-url ADDRESS"
  wanted_stamp "$1" >"$STAMP"
  say "Packages: installed in .venv"
}

# --- Config, command, networks, GIMP --------------------------------------------------------------------------------

write_config() {
  local file
  file=$(config_file)
  if [[ -e $file || -L $file ]]; then
    say "Config: $file (yours, left as it is)"
    return
  fi
  { mkdir -p -- "${file%/*}" && cp -- "$PROJECT/config.yaml" "$file"; } || fail "The config could not be written: $file"
  say "Config: $file (written, with every default)"
}

link_is_ours() { # a link to this folder's bshm, or a dead one to that of a project folder that is gone
  local link target
  link=$(link_file)
  target=$(readlink -- "$link") || return 1
  [[ $target == "$BSHM" || ($target == */.venv/bin/bshm && ! -e $link) ]]
}

link_command() {
  local link
  link=$(link_file)
  if [[ -e $link || -L $link ]] && ! link_is_ours; then
    say "Command: $link is there already and not from this folder, so it was left alone." \
      "  To have it start this one, paste: ln -sf '$BSHM' '$link'"
    return
  fi
  { mkdir -p -- "${link%/*}" && ln -sfn -- "$BSHM" "$link"; } || fail "The command could not be linked: $link"
  say "Command: $link"
  [[ :$PATH: == *":${link%/*}:"* ]] ||
    say "  ${link%/*} is not on your PATH: log in again, or paste: export PATH=\"${link%/*}:\$PATH\""
}

do_or_fail() { # WHAT-WOULD-BE-WRONG WORD-OF-BSHM...
  "$BSHM" "${@:2}" || fail "$1; the reason stands above. All else is installed." \
    "When it is mended, run this again, or: '$BSHM' ${*:2}"
}

install_tensorflow_1() { # [--tf1-python PATH]
  do_or_fail "TensorFlow 1 is missing" runtimes install tf1 ${2:+--python "$2"}
  say "Done. Next: bshm models pull bshm"
}

put_into_gimp() {
  do_or_fail "Not every GIMP has the plug-in" gimp install
  say "Done. Next: start GIMP again, and choose Layer > BSHM Cut Out"
}

take_from_gimp() { # CONFIGS; also where the environment is gone, or does not work any more
  local record
  if [[ -x $BSHM ]]; then "$BSHM" gimp uninstall || true; fi # what it says stands above
  for record in "$1"/GIMP/*/plug-ins/bshm-cut-out/installation.json; do
    if [[ -e $record ]]; then say "Left: ${record%/*}, the plug-in in GIMP. Delete that folder."; fi
  done
}

# --- What can be asked for ------------------------------------------------------------------------------------------

set_up() { # EXTRA, or an empty word
  local lock
  exec {lock}<"$PROJECT/install.sh" # two at once would spoil each other's environment
  flock --nonblock "$lock" || { say "Another install.sh is at work here: waiting for it." && flock "$lock"; }
  make_environment
  install_packages "$1"
  write_config
  link_command
  say "Networks:"
  do_or_fail "Networks are missing" models pull
  if nvidia-smi -L >/dev/null 2>&1; then do_or_fail "PyTorch is missing" runtimes install torch; fi
  exec {lock}<&-
}

run() { # [--once] [PHOTO...]
  local once=() photos=()
  while (($#)); do
    case $1 in
      --once) once=(--once) ;;
      --) shift && photos+=("$@") && break ;;
      *) photos+=("$1") ;;
    esac
    shift
  done
  ((${#photos[@]})) || photos=("$PROJECT/docs/images/astronaut.jpg")
  mkdir -p -- "$(hot_folder)" || fail "The hot folder could not be made: $(hot_folder)"
  exec "$BSHM" watch "${once[@]}" -- "${photos[@]}" # so that Ctrl-C and signals are its own
}

run_tests() {
  local failed=()
  cd -- "$PROJECT"
  "$VENV/bin/ruff" check . || failed+=("ruff check")
  "$VENV/bin/ruff" format --check --quiet . || failed+=("ruff format")
  "$VENV/bin/mypy" || failed+=(mypy)
  "$VENV/bin/python" -m pytest || failed+=(pytest)
  ((${#failed[@]} == 0)) || fail "These found faults:" "${failed[@]}"
}

remove() { rm -rf -- "$1" && say "Removed: $1"; } # PATH
uninstall() {
  local path config data state pictures
  config=$(config_file)
  data=$(xdg_folder XDG_DATA_HOME .local/share)
  state=$(xdg_folder XDG_STATE_HOME .local/state)
  take_from_gimp "$(dirname -- "${config%/*}")"
  if link_is_ours; then remove "$(link_file)"; fi
  for path in "$data"/{networks,tf1,.tf1.lock} "$state"/{log,run,watch.lock,engine-started} "$state"/ledger.sqlite* \
    "$(xdg_folder XDG_CACHE_HOME .cache)"; do
    if [[ -e $path ]]; then remove "$path"; fi
  done
  if [[ -e $config ]] && cmp -s -- "$PROJECT/config.yaml" "$config"; then
    remove "$config"
  elif [[ -e $config ]]; then
    say "Left: $config, which is not as it was shipped. Delete it if you like."
  fi
  for path in "${config%/*}" "$data" "$state"; do
    if [[ -d $path ]]; then rmdir --ignore-fail-on-non-empty -- "$path"; fi
  done
  pictures=$(hot_folder)
  [[ ! -e ${pictures%/*} ]] || say "Left: ${pictures%/*}, with your pictures."
  say "Nothing else lies outside $PROJECT: delete that folder to be rid of the rest."
}

main() {
  local task=${1:-} each
  (($# == 0)) || shift
  case $task in
    --help | -h) usage && exit ;;
    --run) for each in "$@"; do case $each in --) break ;; --once) ;; -*) unknown "$each" ;; esac done ;;
    --tf1) [[ $# == 0 || ($# == 2 && $1 == --tf1-python && -n $2) ]] || unknown "${1:-}" ;;
    --torch) [[ $#/${1:-cuda} =~ ^[01]/(cpu|cuda)$ ]] || unknown "$1" ;;
    '' | --gimp | --test | --uninstall) (($# == 0)) || unknown "$1" ;;
    *) unknown "$task" ;;
  esac
  [[ ${HOME:-} == /* ]] || fail "The variable HOME does not name your home folder. Set it and run this again."
  case $task in
    '') set_up ''; say "Done. Next: bshm cutout PHOTO, bshm watch, or ./install.sh --run for a first look" ;;
    --tf1) set_up ''; install_tensorflow_1 "$@" ;;
    --torch) set_up ''; do_or_fail "PyTorch is missing" runtimes install torch --build "${1:-cuda}" ;;
    --gimp) set_up ''; put_into_gimp ;;
    --run) set_up ''; run "$@" ;;
    --test) set_up test; run_tests ;;
    --uninstall) uninstall ;;
  esac
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then main "$@"; fi
