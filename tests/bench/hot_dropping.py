"""How files come into hot folders: copied, written slowly, renamed when they are whole, in a folder that is moved in.

And what must stay as it is: files beside them that are no pictures, or only look like it.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.bench.hot_files import Dropped, Way

_HANDS = 6  # so many lists of files come at once
_PIECES = 4  # of a file that is written slowly
_PAUSES = (0.05, 0.3, 1.5)  # seconds between two of them; the last is longer than watch.settle

# Beside what is dropped, by path below the hot folder; {} of which a copy of the photo is the content.
_LEFT_ALONE = {
    "notes.txt": b"Not a picture.\n",
    ".hidden.jpg": b"{}",
    "half.jpg.part": b"{}",
    "~$lock.jpg": b"{}",
    "@eaDir/thumb.jpg": b"{}",
    ".Trash-1000/files/gone.jpg": b"{}",
    "old.cutout.png": b"{}",
    "page.html": b"<html></html>",
}


def place_others(folder: Path, photo: bytes) -> dict[Path, bytes]:
    """Files that are to be left alone, and their content; a pipe beside them has none."""
    placed = {folder / name: photo if data == b"{}" else data for name, data in _LEFT_ALONE.items()}
    for path, data in placed.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    os.mkfifo(folder / "pipe.jpg")
    (folder / "out.jpg").symlink_to("/etc/passwd")
    return placed


@contextmanager
def dropping(
    comes: Sequence[Sequence[Dropped]], watched: Callable[[Dropped], Path], beside: Path, seed: int, seconds: float
) -> Iterator[Callable[[], bool]]:
    """Drops these for so many seconds, from several threads; gives what says whether all are there.

    watched: a file's hot folder. beside: a folder of the same file system for what is not there yet. Raises, at its
    end, what a thread raised.
    """
    leaving = threading.Event()
    begun = time.monotonic()

    def drop(number: int) -> None:
        due = begun + seconds * number / len(comes)
        if leaving.wait(max(0.0, due - time.monotonic())):
            return
        group = comes[number]
        chance = random.Random(f"{seed} {number}")
        if group[0].way == "folder":
            _move_in(group, watched(group[0]), beside / str(number))
        else:
            (one,) = group
            target = watched(one) / one.name
            target.parent.mkdir(parents=True, exist_ok=True)
            _ALONE[one.way](target, one.data, chance)

    with ThreadPoolExecutor(_HANDS) as hands:
        tasks = [hands.submit(drop, number) for number in range(len(comes))]
        try:
            yield lambda: all(each.done() for each in tasks)
        finally:
            leaving.set()
    for each in tasks:
        each.result()


def _copy(target: Path, data: bytes, _: random.Random) -> None:
    target.write_bytes(data)


def _write_slowly(target: Path, data: bytes, chance: random.Random) -> None:
    size = len(data) // _PIECES + 1
    with target.open("wb") as stream:
        for start in range(0, len(data), size):
            stream.write(data[start : start + size])
            stream.flush()
            time.sleep(chance.choice(_PAUSES))


def _write_and_rename(target: Path, data: bytes, chance: random.Random) -> None:
    part = target.with_name(f".{hash(target.name) & 0xFFFFFF:x}.part")  # the name alone may be as long as can be
    _write_slowly(part, data, chance)
    part.rename(target)


def _move_in(group: Sequence[Dropped], folder: Path, beside: Path) -> None:
    for one in group:
        path = beside / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.data)
    album = Path(group[0].name).parts[0]
    (beside / album).rename(folder / album)
    beside.rmdir()


_ALONE: dict[Way, Callable[[Path, bytes, random.Random], None]] = {
    "copy": _copy,
    "slow": _write_slowly,
    "rename": _write_and_rename,
}
