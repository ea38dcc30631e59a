"""Under which other paths a folder is to be found: a bind mount shows a folder a second time, and no link tells."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

_MOUNTINFO = Path("/proc/self/mountinfo")


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo. device: "major:minor". root: the folder of its file system that is shown at
    `point`, "/" for all of it."""

    device: str
    root: Path
    point: Path


def read_mounts() -> tuple[Mount, ...]:
    """What is mounted for this process, in the order of mounting. Raises OSError."""
    return parse_mounts(_MOUNTINFO.read_bytes())


def parse_mounts(text: bytes) -> tuple[Mount, ...]:
    """The mounts of a mountinfo text (proc_pid_mountinfo(5)): spaces and the like stand there as \\040."""
    rows = (line.split(b" ") for line in text.splitlines())
    return tuple(Mount(os.fsdecode(row[2]), _path(row[3]), _path(row[4])) for row in rows)


def all_paths(folder: Path, mounts: Sequence[Mount]) -> frozenset[Path]:
    """Every path of a folder, the one given among them, which is absolute and without links."""
    own = _mount_of(folder, mounts)
    if own is None:
        return frozenset((folder,))
    inside = own.root / folder.relative_to(own.point)
    found = {
        each: each.point / inside.relative_to(each.root)
        for each in mounts
        if each.device == own.device and inside.is_relative_to(each.root)
    }
    # Where another mount lies over it, a path leads to something else.
    return frozenset({folder} | {path for mount, path in found.items() if _mount_of(path, mounts) == mount})


def _mount_of(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that a path lies on: the one with the longest point, of several there the last."""
    found: Mount | None = None
    for each in mounts:
        if path.is_relative_to(each.point) and (found is None or len(each.point.parts) >= len(found.point.parts)):
            found = each
    return found


def _path(field: bytes) -> Path:
    return Path(os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda found: bytes((int(found[1], 8),)), field)))
