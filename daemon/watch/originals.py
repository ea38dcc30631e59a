"""Originals are put away: moved, or deleted, never another file than the one that was cut out, and never over another.

First the original gets a hidden name in its own folder, in one step; now nobody can put another file in its place
between the look at it and the move. Each step can be done again after a crash.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from pathlib import Path

from daemon.outputs import move_to_free, shortened
from daemon.terminal import shown
from daemon.watch import scan
from daemon.watch.hot_folder import Stamp
from daemon.watch.naming import numbered
from daemon.watch.publish import TakenError
from engine.folders import sync_folder


def put_away(source: Path, stamp: Stamp, held: Path, target: Path | None) -> bool:
    """Moves a file to `target`, or deletes it where that is None; False where it is another file by now, which stays.

    stamp: the file that is meant. held: the hidden name in its folder. True also where it is gone already. A symbolic
    link is moved itself. Raises TakenError where another file has the target's name, and OSError.
    """
    if not os.path.lexists(held):
        try:
            if stamp_of(source) != stamp:
                return False
            source.rename(held)
        except FileNotFoundError:
            return True
    if not _is_meant(held, stamp):
        give_back(held, source)
        return False
    if target is None:
        held.unlink()
    else:
        move(held, target)
    sync_folder(source.parent)
    return True


def move(source: Path, target: Path) -> None:
    """Moves a file to a name that nothing has, also to another file system, and keeps its times and mode.

    Where a crash has left it under both names it loses the first. Raises TakenError and OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        _move_link(source, target)
    elif _is_moved(source, target):
        _part(source, target).unlink(missing_ok=True)
        source.unlink()
    else:
        try:
            move_to_free(source, target)
        except FileExistsError:
            raise _taken(target) from None
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            copy(source, target)
            source.unlink()
    sync_folder(target.parent)


def copy(source: Path, target: Path) -> None:
    """A copy with the file's times and mode, under a name that nothing has, whole or not at all.

    Raises TakenError and OSError.
    """
    part = _part(source, target)
    try:
        part.unlink(missing_ok=True)
        with source.open("rb") as reader, part.open("xb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            with contextlib.suppress(OSError):  # FAT and some shares keep neither times nor modes
                shutil.copystat(source, part)
            os.fsync(writer.fileno())
        try:
            move_to_free(part, target)
        except FileExistsError:
            raise _taken(target) from None
    finally:
        part.unlink(missing_ok=True)
    sync_folder(target.parent)


def give_back(held: Path, source: Path) -> None:
    """A file that is held gets its name again, or one beside it where another has come. Raises OSError."""
    for place in numbered(source):
        if not os.path.lexists(held):
            return
        with contextlib.suppress(FileExistsError):
            move_to_free(held, place)


def stamp_of(path: Path) -> Stamp:
    """Of the file, or of the one that a link leads to. Raises OSError."""
    return scan.stamp_of(path.stat())


def _is_meant(held: Path, stamp: Stamp) -> bool:
    try:
        return stamp_of(held) == stamp
    except FileNotFoundError:  # a link whose file has left
        return False


def _part(source: Path, target: Path) -> Path:
    """The unfinished copy."""
    return target.with_name(f".{shortened(source.name)}.part")


def _is_moved(source: Path, target: Path) -> bool:
    """Whether the target is this very file, or a whole copy of it."""
    try:
        there, here = target.lstat(), source.lstat()
    except FileNotFoundError:
        return False
    if (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino):
        return True
    across = there.st_dev != here.st_dev
    return across and there.st_size == here.st_size and _hash(target) == _hash(source)


def _move_link(source: Path, target: Path) -> None:
    """A link that says where from its own folder would lead nowhere from another."""
    leads_to = source.resolve()
    try:
        target.symlink_to(leads_to)
    except FileExistsError:
        if not target.is_symlink() or target.readlink() != leads_to:
            raise _taken(target) from None
    source.unlink()


def _hash(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _taken(target: Path) -> TakenError:
    return TakenError(f"{shown(target)}: exists already", "it came while the original was moved")
