"""The plug-in's folder in a GIMP's plug-in folder: put there whole or not at all, compared, taken away."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.errors import OutputError, system_reason

NAME = "bshm-cut-out"
RECORD = "installation.json"

_AGAIN = "bshm gimp install"
_NOT_OURS = f"it was not put there by `{_AGAIN}`"
_SOURCES = (
    Path(__file__).parents[2] / "plugin_gimp"
)  # beside the package, in the project's folder and where pip puts it
_ASIDE = {"new", "old"}  # what lies in a folder beside the plug-in while it is changed
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.po", RECORD)


class State(StrEnum):
    """How the plug-in in a folder is."""

    MISSING = "not installed"
    CURRENT = "installed"
    OUTDATED = "another version"
    MISLED = "installed, but made for another place"
    FOREIGN = "not put there by this program"


@dataclass(frozen=True)
class Installation:
    """What the plug-in has to know of this program. command: the words that run it. socket: where the engine listens;
    None for the usual place, which the plug-in finds itself."""

    version: str
    command: tuple[str, ...]
    socket: Path | None

    @property
    def text(self) -> str:
        """As it is written beside the plug-in's entry."""
        socket = None if self.socket is None else str(self.socket)
        return json.dumps({"version": self.version, "command": self.command, "socket": socket}, indent=2) + "\n"


def source_for(series: tuple[int, int]) -> Path:
    """The plug-in's folder in this program, for a GIMP of 2.10 or from 3.0 on."""
    return _SOURCES / ("gimp3" if series >= (3, 0) else "gimp210") / NAME


def state(source: Path, plug_ins: Path, installation: Installation) -> State:
    """How what lies in a GIMP's plug-in folder is, compared with what `put` would put there. Raises OutputError."""
    folder = plug_ins / NAME
    with _said(f"{folder}: cannot be read"):
        if not _is_there(folder):
            return State.MISSING
        if not _is_ours(folder):
            return State.FOREIGN
        if _contents(folder) != _contents(source):
            return State.OUTDATED
        written = (folder / RECORD).read_text(encoding="utf-8")
    return State.CURRENT if written == installation.text else State.MISLED


def put(source: Path, plug_ins: Path, installation: Installation) -> bool:
    """Puts the plug-in into a GIMP's plug-in folder, in the place of an older one. False where it is there already.

    The folder that plug_ins is in must be there. Raises OutputError.
    """
    folder = plug_ins / NAME
    with _said(f"{plug_ins}: cannot be read"):
        if _is_there(plug_ins) and not plug_ins.is_dir():
            why = "it is a link that leads nowhere" if plug_ins.is_symlink() else "it is no folder"
            raise OutputError(f"{plug_ins}: no plug-in can be put there", why, f"Move it away, then run: {_AGAIN}")
    _tidy(plug_ins)
    match state(source, plug_ins, installation):
        case State.CURRENT:
            return False
        case State.FOREIGN:
            raise OutputError(f"{folder}: left alone", _NOT_OURS, f"Move it away, then run: {_AGAIN}")
    with _said(f"{folder}: cannot be written"):
        plug_ins.mkdir(exist_ok=True)
        with _beside(plug_ins) as aside:
            new, old = aside / "new", aside / "old"
            for name, (data, executable) in _contents(source).items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                path.chmod(0o755 if executable else 0o644)  # whatever the umask, and whatever pip made of it
            (new / RECORD).write_text(installation.text, encoding="utf-8")
            for each in (new, *new.rglob("*")):
                if each.is_dir():
                    each.chmod(0o755)
            if _is_there(folder):
                folder.rename(old)
            try:
                new.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
    return True


def take_away(plug_ins: Path) -> bool:
    """Removes the plug-in from a GIMP's plug-in folder. False where it is not there.

    Raises OutputError, also where what is there was not put there by this program.
    """
    folder = plug_ins / NAME
    _tidy(plug_ins)
    with _said(f"{folder}: cannot be removed"):
        if not _is_there(folder):
            return False
        if not _is_ours(folder):
            raise OutputError(f"{folder}: left alone", _NOT_OURS, "Remove it yourself if you like")
        with _beside(plug_ins) as aside:
            folder.rename(aside / "old")  # at once: GIMP never sees half of it
    return True


def recorded_socket(plug_ins: Path) -> Path | None:
    """Where the plug-in in a GIMP's plug-in folder was told that the engine listens; None: at the usual place, or there
    is no plug-in. Raises OutputError."""
    folder = plug_ins / NAME
    with _said(f"{folder}: cannot be read"):
        socket = _record(folder).get("socket")
    return Path(socket) if isinstance(socket, str) else None


def _is_there(path: Path) -> bool:
    """Whether there is anything of that name, a dead link too. Raises OSError where this user may not know."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_ours(folder: Path) -> bool:
    """Whether `put` made it. A link, such as developers make, is theirs."""
    return not folder.is_symlink() and "command" in _record(folder)


def _record(folder: Path) -> dict[str, Any]:
    """What `put` wrote down; nothing where there is nothing of that kind."""
    try:
        written = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return written if isinstance(written, dict) else {}


def _contents(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Each file that is the plug-in's, with its bytes and whether it can be run."""
    found = {}
    for place, folders, files in os.walk(folder, onerror=_raise):
        left_out = _LEFT_OUT(place, [*folders, *files])
        folders[:] = [each for each in folders if each not in left_out]
        for each in files:
            if each not in left_out:
                path = Path(place, each)
                found[str(path.relative_to(folder))] = (path.read_bytes(), _is_executable(path))
    return found


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def _beside(plug_ins: Path) -> Iterator[Path]:
    """A folder that GIMP does not look into, on the same file system; all in it goes at the end."""
    aside = Path(tempfile.mkdtemp(prefix=f".{NAME}.", dir=plug_ins))
    with _held(aside):
        try:
            yield aside
        finally:
            shutil.rmtree(aside)


def _tidy(plug_ins: Path) -> None:
    """Removes what runs left beside the plug-in that did not come to their end. Raises OutputError."""
    for aside in plug_ins.glob(f".{NAME}.*"):
        with _said(f"{aside}: cannot be removed"), suppress(BlockingIOError, FileNotFoundError):  # a run is at it
            if not aside.is_symlink() and {each.name for each in aside.iterdir()} <= _ASIDE:
                with _held(aside):
                    shutil.rmtree(aside)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """For one run alone, until it ends in whatever way. Raises BlockingIOError where another one holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _said(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        rights = error.errno in (errno.EACCES, errno.EPERM)
        remedy = "Change the owner or the permissions of the folder that it is in" if rights else ""
        raise OutputError(what, system_reason(error), remedy) from error
