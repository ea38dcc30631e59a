"""Where results go: their names, and files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from daemon.inputs import FileInput, is_picture_name, without_user
from daemon.terminal import shown
from engine.errors import OutputError, system_reason
from engine.folders import sync_folder

_LONGEST_NAME = 255  # bytes, NAME_MAX of Linux
LONGEST_TAIL = len(".composite.webp")
_HASH = 8  # hexadecimal digits of SHA-256
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_HARD_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)  # what FAT, exFAT and some shares say
_REASONS = {
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EEXIST: "there is a file where a folder is needed",
    errno.ENOTDIR: "there is a file where a folder is needed",
    errno.EISDIR: "there is a folder of that name",
}


class DiskFullError(OutputError):
    """No room is left, so that the next picture would fail as well."""


@dataclass(frozen=True)
class Place:
    """Where the results of one input go."""

    folder: Path
    base: str

    def path(self, kind: str, suffix: str) -> Path:
        """A result's path; path("matte", ".png") of a.jpg is a.matte.png."""
        return self.folder / f"{self.base}.{kind}{suffix}"


class _Claim(NamedTuple):
    """A picture that wants a name in a folder; both without links on the way."""

    picture: Path
    folder: Path

    @property
    def bases(self) -> tuple[str, ...]:
        """What it may be called, the best first: stem, whole name, whole name and a hash of the path."""
        name = self.picture.name
        return tuple(shortened(each) for each in (self.picture.stem, name, f"{name}.{_digest(str(self.picture))}"))


def place_outputs(inputs: Sequence[FileInput], output: Path | None) -> list[Place]:
    """A place for each input, no two the same: below `output`, or beside the input where that is None.

    The base is the input's stem ("a" for a.jpg); where another picture would have the same, each takes its whole name
    (a.jpg, a.png), and where those are the same too (x/a.jpg and y/a.jpg into one folder) a hash of its path is
    added. Pictures beside an input count although they are not cut out now: so its name stays what it was in an
    earlier run, whatever else is cut out with it, in any order.
    """
    folders = [each.path.parent if output is None else output / each.below for each in inputs]
    claims = [_Claim(each.entry, folder.resolve()) for each, folder in zip(inputs, folders, strict=True)]
    neighbours = {
        _Claim(picture, folder)
        for parent, folder in {(each.picture.parent, each.folder) for each in claims}
        for picture in _pictures_in(parent)
    }
    bases = _distinct_bases(neighbours.union(claims))
    return [Place(folder, bases[claim]) for folder, claim in zip(folders, claims, strict=True)]


def place_link(name: str, address: str, folder: Path) -> Place:
    """The place for a picture by address, whose name is the server's choice.

    A hash of the address (without its user and password) is always added: many addresses give photo.jpg, and what one
    gives must not pass for what another gave in an earlier run.
    """
    return Place(folder, shortened(f"{Path(name).stem}.{_digest(without_user(address))}"))


def shortened(base: str, room: int = LONGEST_TAIL) -> str:
    """The base, such that a name has at most 255 bytes: cut between characters, a hash instead of the rest.

    room: bytes that are added to it; by default as many as a result's name may need.
    """
    whole = os.fsencode(base)
    most = _LONGEST_NAME - room
    if len(whole) <= most:
        return base
    end = most - _HASH - 1
    while end > 0 and whole[end] & 0xC0 == 0x80:  # inside a character of UTF-8
        end -= 1
    return f"{os.fsdecode(whole[:end])}~{_digest(base)}"


def check_folder(folder: Path) -> None:
    """Makes the folder where it is missing and tries to write there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _unfinished(folder) as part:
            part.touch(exist_ok=False)
    except OSError as error:
        raise unwritable(folder, error) from error


def write_whole(path: Path, data: bytes | memoryview, *, overwrite: bool) -> None:
    """Writes a file that is there whole or not at all, even if power fails; makes its folder where that is missing.

    Raises OutputError, also where the file exists and is not to be overwritten.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _unfinished(path.parent) as part:
            with part.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if overwrite:
                part.replace(path)
            else:
                try:
                    move_to_free(part, path)
                except FileExistsError:
                    raise exists_already(path) from None
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def move_to_free(part: Path, path: Path) -> None:
    """Gives the file its name only where nothing has it, also if another process takes it in this very moment.

    Raises FileExistsError where it is taken, and other OSErrors.
    """
    try:
        os.link(part, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        part.replace(path)
    else:
        part.unlink()


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:_HASH]


def exists_already(path: Path) -> OutputError:
    """The refusal to write where something is."""
    return OutputError(f"{shown(path)}: exists already", remedy="--overwrite replaces it, --skip leaves it")


def _pictures_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / each.name for each in entries if is_picture_name(each.name)]
    except OSError:  # a folder that may be entered but not listed: then only this run's own pictures count
        return []


def _distinct_bases(claims: set[_Claim]) -> dict[_Claim, str]:
    bases = {each: each.bases for each in claims}
    level = dict.fromkeys(claims, 0)
    while True:
        chosen = {each: bases[each][level[each]] for each in claims}
        counts = Counter((each.folder, base) for each, base in chosen.items())
        clashing = [each for each, base in chosen.items() if counts[each.folder, base] > 1]
        if not clashing:
            return chosen
        for each in clashing:
            level[each] += 1


@contextlib.contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A name for a temporary file in the folder; what is still there at the end, for whatever reason, is deleted."""
    part = folder / f".bshm-{secrets.token_hex(8)}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> OutputError:
    """The error for a place where the system lets nothing be written: DiskFullError where that is for want of room."""
    what = f"{shown(path)}: cannot be written"
    if error.errno in _FULL:
        return DiskFullError(what, "the disk is full", "Make room, or choose a folder on another disk")
    return OutputError(what, _REASONS.get(error.errno or 0) or system_reason(error))
