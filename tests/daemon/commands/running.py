"""What the tests of `bshm cutout` share."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image


class Ran(NamedTuple):
    """How a run ended: exit code, the lines of standard output, standard error."""

    code: int
    results: list[bytes]
    messages: str


Bshm = Callable[..., Ran]
Refuses = Callable[..., tuple[int, str]]


def blank(path: Path, size: tuple[int, int] = (40, 30)) -> Path:
    """A picture of nobody, for what depends on names and files alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    return path


def names_in(folder: Path) -> list[str]:
    """All files below a folder."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


def many(folder: Path, count: int) -> Path:
    """Pictures of nobody, since only the files matter."""
    for number in range(count):
        blank(folder / f"{number:03}.png", (300, 200))
    return folder


def whole_results(folder: Path) -> list[str]:
    """The names of the results, all of which can be read; there is nothing else."""
    for each in folder.iterdir():
        assert each.name.endswith(".cutout.png")
        with Image.open(each) as picture:
            picture.load()
    return names_in(folder)
