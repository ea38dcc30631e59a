"""Folders of pictures whose alpha is known.

CASES/pictures/RUNG/NAME.* are the photos, CASES/truth/RUNG/NAME.png their alphas, grey and of the same size. Rungs are
named by what they hold: share-20 (one person on 20 % of the frame), height-90 (one of 90 pixels), crowd, group, empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from PIL import Image

from engine.pictures.decode import decode
from engine.settings import Limits
from engine.types import Matte, Picture

# The rungs that a user meets every day; they are also judged together.
MIDDLE = (
    "share-70",
    "share-40",
    "share-20",
    "share-6",
    "share-2",
    "crowd",
    "height-700",
    "height-350",
    "height-175",
    "job-300",
)
_ORDER = ("share", "crowd", "height", "job", "group", "empty")


@dataclass(frozen=True)
class Case:
    """A picture and its truth, as files."""

    rung: str
    picture: Path
    truth: Path

    def photo(self) -> Picture:
        """The picture, decoded."""
        return decode(self.picture.read_bytes(), Limits(), self.picture.name)

    def alpha(self) -> Matte:
        """The truth, 0..1."""
        return alpha_of(self.truth)


def alpha_of(file: Path) -> Matte:
    """A grey picture of 8 bits as alpha."""
    with Image.open(file) as grey:
        return np.asarray(grey.convert("L"), np.float32) / np.float32(255)


def cases_of(folder: Path, per: int | None = None) -> list[Case]:
    """The cases of a folder, rung by rung, from large people to small ones; of each rung the first `per` names. Raises
    FileNotFoundError where there are none, or where a truth has no picture."""
    found = []
    for truth in sorted(folder.glob("truth/*/*.png")):
        rung = truth.parent.name
        picture = next((folder / "pictures" / rung).glob(f"{truth.stem}.*"), None)
        if picture is None:
            raise FileNotFoundError(f"{truth}: there is no picture of this name in {folder / 'pictures' / rung}")
        found.append(Case(rung, picture, truth))
    if not found:
        raise FileNotFoundError(f"{folder}: there is no truth/RUNG/NAME.png")
    found.sort(key=lambda case: _place(case.rung))  # stable: names keep their order
    return [case for _, cases in groupby(found, lambda case: case.rung) for case in list(cases)[:per]]


def _place(rung: str) -> tuple[int, float, str]:
    kind, _, number = rung.partition("-")
    first = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return first, -float(number) if number.replace(".", "", 1).isdigit() else 0.0, rung
