"""What results and originals are called: names that nothing has, and that no other job of this moment is about to use.

A result is called after its picture: a.cutout.png of a.jpg. Where another picture's result has that name (a.png), the
whole name is taken: a.png.cutout.png. What the folder's `conflict` says is about results of the same name alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from daemon.outputs import LONGEST_TAIL, Place, shortened
from daemon.watch.job import Writer

# What is added to the name of an original in the failed folder for the file that says why it lies there.
ERROR = ".error.txt"

# The hot folder and the name in it of the file whose result has, or had, a path.
Origin = tuple[Path, str]


@dataclass(frozen=True)
class Places:
    """The files to be written, by kind; none where all are there and are to be left. replaces: they may be there."""

    files: Mapping[str, Path]
    replaces: bool


class Names:
    """Chooses names. writer_of: whose result a path is, by the ledger."""

    def __init__(self, writer_of: Callable[[Path], Writer | None]) -> None:
        self._writer_of = writer_of
        self._reserved: set[Path] = set()
        self._lock = threading.Lock()

    @contextmanager
    def results(
        self, origin: Origin, folder: Path, called: str, endings: Mapping[str, str], conflict: str
    ) -> Iterator[Places]:
        """Places for the results of a picture in this folder, its own until the end of the block.

        called: the picture's name. endings: by kind, as ".png". conflict: a word of settings.CONFLICTS.
        """
        with self._lock:
            places = self._results(origin, folder, called, endings, conflict)
            self._reserved.update(places.files.values())
        try:
            yield places
        finally:
            self._release(places.files.values())

    @contextmanager
    def moved(self, folder: Path, name: str, beside: str = "") -> Iterator[Path]:
        """A place for an original below this folder, its own until the end of the block; so is that with `beside`
        added. name: its path below."""
        with self._lock:
            path = next(
                each
                for each in numbered(folder / name, len(os.fsencode(beside)))
                if self._free(each) and self._free(beside_of(each, beside))
            )
            self._reserved.update((path, beside_of(path, beside)))
        try:
            yield path
        finally:
            self._release((path, beside_of(path, beside)))

    def _results(self, origin: Origin, folder: Path, called: str, endings: Mapping[str, str], conflict: str) -> Places:
        bases = (shortened(Path(called).stem), shortened(called))
        base = next((each for each in bases if not self._anothers(origin, _files(folder, each, endings))), None)
        if base is not None and conflict != "suffix":
            files = _files(folder, base, endings)
            if conflict == "skip":
                files = {kind: path for kind, path in files.items() if not os.path.lexists(path)}
            return Places(files, conflict == "overwrite")
        base = bases[1] if base is None else base
        for number in count(1):
            files = _files(folder, base if number == 1 else _with_number(base, number), endings)
            if all(map(self._free, files.values())):
                return Places(files, False)
        raise AssertionError  # count() has no end

    def _anothers(self, origin: Origin, files: Mapping[str, Path]) -> bool:
        """Whether one of these names is, or is about to be, that of another picture's result."""
        return any(
            path in self._reserved
            or (
                (writer := self._writer_of(path)) is not None
                and writer.origin != origin
                and (writer.promised or os.path.lexists(path))
            )
            for path in files.values()
        )

    def _free(self, path: Path) -> bool:
        if path in self._reserved or os.path.lexists(path):
            return False
        writer = self._writer_of(path)
        return writer is None or not writer.promised

    def _release(self, paths: Iterable[Path]) -> None:
        with self._lock:
            self._reserved.difference_update(paths)


def beside_of(path: Path, ending: str) -> Path:
    """The path with an ending added, its name cut where that would be too long for a file system."""
    return path.with_name(f"{shortened(path.name, len(os.fsencode(ending)))}{ending}") if ending else path


def numbered(path: Path, room: int = 0) -> Iterator[Path]:
    """A path, and then others with -2, -3 and so on; room: bytes that are to be added to them."""
    yield path
    for number in count(2):
        yield path.with_name(f"{_with_number(path.stem, number, len(os.fsencode(path.suffix)) + room)}{path.suffix}")


def _with_number(base: str, number: int, room: int = LONGEST_TAIL) -> str:
    ending = f"-{number}"
    return f"{shortened(base, room + len(ending))}{ending}"


def _files(folder: Path, base: str, endings: Mapping[str, str]) -> dict[str, Path]:
    place = Place(folder, base)
    return {kind: place.path(kind, ending) for kind, ending in endings.items()}
