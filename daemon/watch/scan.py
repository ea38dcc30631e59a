"""What lies in a hot folder now: the truth, beside which events are hints.

Nothing is opened but folders. Symbolic links to folders are never followed, those to files only where the file lies in
the same hot folder: whoever may drop files there must not be able to have other files of this user cut out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

from daemon.watch.hot_folder import HotFolder, Sighting, Stamp
from daemon.watch.names import is_entered, is_taken, is_unfinished, waits_for
from engine.errors import system_reason

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_LARGEST = 2**63 - 1  # what SQLite has room for; times of ext4 go past it in the year 2262
_Identity = tuple[int, int]


@dataclass(frozen=True)
class Unreadable:
    """A folder, or a file, below the hot folder of which nothing can be known: neither that it is there, nor gone."""

    name: str
    why: str

    def covers(self, name: str) -> bool:
        """True for the names that were not looked at because of this."""
        return name == self.name or name.startswith(f"{self.name}/")


def scan(folder: HotFolder, below: str = "") -> Iterator[Sighting | Unreadable]:
    """The files in a hot folder, or in a folder below it, that are taken by their names, in no order.

    Other file systems that are mounted below are entered. What comes or goes meanwhile is seen or not. Raises OSError
    where the hot folder itself cannot be read: then nothing is known, nor is anything of what was seen until then gone.
    """
    excluded = _identities(folder.excluded)
    pending = [below] if _is_reached(folder, below, excluded) else []
    while pending:
        name = pending.pop()
        try:
            yield from _listed(folder, name, excluded, pending)
        except OSError as error:
            if not name:
                raise
            if not _is_gone(error):
                yield Unreadable(name, system_reason(error))


def look(folder: HotFolder, name: str) -> Sighting | None:
    """One file, by the rules of scan(); None where it is not there, or not taken.

    Raises OSError where that cannot be known, as for a hot folder that is not there itself.
    """
    above, _, last = name.rpartition("/")
    if not (is_taken(last, folder.patterns) and _is_reached(folder, above, _identities(folder.excluded))):
        return None
    path = folder.watch / name
    try:
        return _sighting(folder, name, path.lstat())
    except OSError as error:
        if _is_gone(error):
            return None
        raise


def is_awaited(folder: HotFolder, sighting: Sighting) -> bool:
    """True where a file beside this one says that a browser or a copy is not done with it.

    Of a file with content only exact names are asked for; for an empty one, which may be a browser's placeholder, the
    folder is listed. Raises OSError.
    """
    path = os.path.join(folder.watch, sighting.name)  # noqa: PTH118  # str is what is asked with
    if sighting.stamp.size:
        return any(map(os.path.lexists, waits_for(path)))
    above, name = os.path.split(path)
    with os.scandir(above) as entries:
        return any(is_unfinished(each.name, name) for each in entries)


def lies_inside(folder: HotFolder, path: str) -> bool:
    """True for paths, links followed, that are in the hot folder and in none of its excluded ones."""
    real = Path(path)
    return real.is_relative_to(folder.watch) and not any(real.is_relative_to(each) for each in folder.excluded)


def _is_reached(folder: HotFolder, name: str, excluded: Set[_Identity]) -> bool:
    """True for folders that a walk through the hot folder comes to. Raises OSError where that cannot be known."""
    path = folder.watch
    path.stat()
    if not name:
        return True
    if not folder.recursive:
        return False
    for part in name.split("/"):
        path /= part
        try:
            status = path.lstat()
        except OSError as error:
            if _is_gone(error):
                return False
            raise
        if not is_entered(part) or not stat.S_ISDIR(status.st_mode) or _identity(status) in excluded:
            return False
    return True


def _listed(
    folder: HotFolder, name: str, excluded: Set[_Identity], pending: list[str]
) -> Iterator[Sighting | Unreadable]:
    """The files in one folder; the folders in it are added to `pending`. Raises OSError."""
    prefix = f"{name}/" if name else ""
    descriptor = os.open(folder.watch / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                try:
                    if entry.is_dir(follow_symlinks=False):
                        entered = folder.recursive and is_entered(entry.name)
                        if entered and _identity(entry.stat(follow_symlinks=False)) not in excluded:
                            pending.append(prefix + entry.name)
                    elif is_taken(entry.name, folder.patterns):
                        seen = _sighting(folder, prefix + entry.name, entry.stat(follow_symlinks=False))
                        if seen:
                            yield seen
                except OSError as error:
                    if isinstance(error, PermissionError) and not entry.is_symlink():
                        raise  # no right to look at one is no right to look at any
                    if not _is_gone(error):
                        yield Unreadable(prefix + entry.name, system_reason(error))
    finally:
        os.close(descriptor)


def _sighting(folder: HotFolder, name: str, status: os.stat_result) -> Sighting | None:
    """Raises OSError where a link leads to what cannot be looked at."""
    if stat.S_ISLNK(status.st_mode):
        target = os.path.realpath(folder.watch / name, strict=True)
        if not lies_inside(folder, target):
            return None
        status = os.lstat(target)
    if not stat.S_ISREG(status.st_mode):
        return None
    return Sighting(name, stamp_of(status), status.st_ctime_ns)


def stamp_of(status: os.stat_result) -> Stamp:
    """What of a file's status changes with its content, each in the 64 bits with a sign that SQLite has."""
    return Stamp(inode_of(status), status.st_size, min(status.st_mtime_ns, _LARGEST))


def inode_of(status: os.stat_result) -> int:
    """A file's number; mergerfs, say, uses all 64 bits of it."""
    return status.st_ino & _LARGEST


def _identities(folders: Set[Path]) -> frozenset[_Identity]:
    """By number, so that a folder that is mounted below a second time (mount --bind) is known as well."""
    found = set()
    for each in folders:
        try:
            found.add(_identity(each.stat()))
        except OSError as error:
            if not _is_gone(error):
                raise
    return frozenset(found)


def _identity(status: os.stat_result) -> _Identity:
    return status.st_dev, status.st_ino


def _is_gone(error: OSError) -> bool:
    return error.errno in _GONE
