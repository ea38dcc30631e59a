"""What a hot folder is, and what is seen in it: the types that the stages hand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from engine.settings import Settings

Keep = Literal["keep", "delete"]


@dataclass(frozen=True)
class HotFolder:
    """One entry of `folders` in the config, checked. All paths are absolute, links on the way followed.

    watch: where files are dropped. excluded: folders below it that are never looked into, since the program itself
    writes there. output, failed: where results and bad originals go, in the folders below `watch` mirrored. done: what
    happens to an original after success. patterns: globs of which a name must match one, in any case of letters.
    conflict: a word of settings.CONFLICTS. observer: of settings.OBSERVERS. settings: what each picture is to give,
    with this folder's own words in them.
    """

    watch: Path
    excluded: frozenset[Path]
    output: Path
    failed: Path
    done: Keep | Path
    recursive: bool
    patterns: tuple[str, ...]
    conflict: str
    observer: str
    report: bool
    settings: Settings


class Stamp(NamedTuple):
    """What of a file changes when its content does. mtime: in nanoseconds."""

    inode: int
    size: int
    mtime: int


@dataclass(frozen=True)
class Sighting:
    """A file that was seen in a hot folder. name: its path below the folder, any bytes (os.fsdecode).

    ctime: nanoseconds; when the file last changed in any way, by the clock of its file system.
    """

    name: str
    stamp: Stamp
    ctime: int
