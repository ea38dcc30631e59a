"""Where things lie in the user's home, by the XDG base directory specification; and folders made lasting."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from engine.errors import ConfigError


def config_folder() -> Path:
    """$XDG_CONFIG_HOME/bshm: config.yaml."""
    return _folder("XDG_CONFIG_HOME", ".config")


def networks_folder() -> Path:
    """$XDG_DATA_HOME/bshm/networks: the store."""
    return _folder("XDG_DATA_HOME", ".local/share") / "networks"


def cache_folder() -> Path:
    """$XDG_CACHE_HOME/bshm: unfinished downloads and helpers, all of which may be deleted."""
    return _folder("XDG_CACHE_HOME", ".cache")


def state_folder() -> Path:
    """$XDG_STATE_HOME/bshm: the log, and what has to outlast a restart."""
    return _folder("XDG_STATE_HOME", ".local/state")


def runtime_folder() -> Path:
    """$XDG_RUNTIME_DIR/bshm: the resident engine's socket and token; the state folder where no login made that."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(named) / "bshm" if named.startswith("/") else state_folder() / "run"


def named_folder(text: str) -> Path:
    """The folder that a setting names by a path that begins with / or ~; links in it are not followed.

    ~ is the home folder, ~name another user's, and ~/BSHM at the beginning $BSHM_HOME where that is set, as it is for
    install.sh. Raises ConfigError where that home or variable is none.
    """
    path = Path(text)
    if path.parts[:2] == ("~", "BSHM") and (home := os.environ.get("BSHM_HOME")):
        if not home.startswith("/"):
            raise ConfigError(f"BSHM_HOME is '{home}', and not a path that begins with /", remedy="Set it to one")
        return Path(home, *path.parts[2:])
    try:
        folder = path.expanduser()
    except RuntimeError:
        folder = path
    if not folder.is_absolute():
        user = path.parts[0].removeprefix("~")
        why = f"there is no user '{user}'" if user else "the home folder is not known"
        raise ConfigError(f"{text}: no such folder", why, "Write it with all that stands before it, from / on")
    return folder


def sync_folder(folder: Path) -> None:
    """A rename lasts through a power cut only when the folder is on the disk too; not every file system can do it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _folder(variable: str, default: str) -> Path:
    named = os.environ.get(variable, "")
    if named.startswith("/"):  # the specification: a relative path is to be ignored
        return Path(named) / "bshm"
    try:
        return Path.home() / default / "bshm"
    except RuntimeError as error:
        raise ConfigError("the home folder is not known", remedy=f"Set HOME or {variable}") from error
