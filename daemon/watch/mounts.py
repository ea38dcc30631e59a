"""Under which other paths a folder is to be found: a bind mount shows a folder a second time, and no link tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from daemon.watch.filesystem import Mount


def all_paths(folder: Path, mounts: Sequence[Mount]) -> frozenset[Path]:
    """Every path of a folder, the one given among them, which is absolute and without links."""
    own = _mount_of(folder, mounts)
    if own is None:
        return frozenset((folder,))
    inside = Path(own.root) / folder.relative_to(own.point)
    found = {
        each: Path(each.point) / inside.relative_to(each.root)
        for each in mounts
        if each.device == own.device and inside.is_relative_to(each.root)
    }
    # Where another mount lies over it, a path leads to something else.
    return frozenset({folder} | {path for mount, path in found.items() if _mount_of(path, mounts) == mount})


def _mount_of(path: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The mount that a path lies on: the one with the longest point, of several there the last."""
    found: Mount | None = None
    for each in mounts:
        if path.is_relative_to(each.point) and (found is None or len(each.point) >= len(found.point)):
            found = each
    return found
