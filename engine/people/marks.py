"""Places that somebody has marked in a picture, as points or as a selection: in the end, a set of its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.crops import size_of
from engine.errors import PictureError, UsageError
from engine.pictures.refusals import check_points
from engine.types import Crop, Options, Point, Size

MARKED = 128  # of a selection's 0..255: half of a pixel, as where a program turns a selection into a path


@dataclass(frozen=True, eq=False)
class Marks:
    """Marked pixels of a picture. bounds: what holds them all. plane: [h, w] uint8 of the bounds, MARKED or more where
    a pixel is marked."""

    bounds: Crop
    plane: npt.NDArray[np.uint8]

    def within(self, crop: Crop) -> npt.NDArray[np.bool_]:
        """Which pixels of a crop are marked: [h, w] of the crop, which lies inside the bounds."""
        left, top = self.bounds.left, self.bounds.top
        return self.plane[crop.top - top : crop.bottom - top, crop.left - left : crop.right - left] >= MARKED


NOTHING = Marks(Crop(0, 0, 0, 0), np.zeros((0, 0), np.uint8))


def marks_of(options: Options, size: Size, selection: npt.NDArray[np.uint8] | None) -> Marks | None:
    """What is marked in a picture of this size, by options.at or by a selection [H, W]; None where neither is there.

    Raises UsageError where more than one thing says whom to cut out, and PictureError for points outside of the picture
    and for a selection of another size.
    """
    if options.at and selection is not None:
        raise UsageError("points and a selection cannot both say whom to cut out")
    if not options.at and selection is None:
        return None
    if options.people not in (Options.people, "all"):
        who = "points say" if options.at else "a selection says"
        raise UsageError(f"people cannot be '{options.people}' where {who} whom to cut out")
    if selection is None:
        check_points(options.at, size, "the picture")
        return at_points(options.at)
    if size_of(selection) != size:
        has, wanted = ("{} x {}".format(*each) for each in (size_of(selection), size))
        raise PictureError("the selection has another size than the picture", f"{has} pixels, not {wanted}")
    return in_selection(selection)


def at_points(points: Sequence[Point]) -> Marks:
    """The pixels that hold the points, none of which is below 0."""
    if not points:
        return NOTHING
    columns, rows = np.array(points).astype(np.int64).T
    bounds = Crop(int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    plane = np.zeros((bounds.size.height, bounds.size.width), np.uint8)  # takes memory only where it is written to
    plane[rows - bounds.top, columns - bounds.left] = MARKED
    return Marks(bounds, plane)


def in_selection(selection: npt.NDArray[np.uint8]) -> Marks:
    """Those of a picture's selection [H, W], 0..255. Shares its memory."""
    rows, columns = (np.flatnonzero(selection.max(axis, initial=0) >= MARKED) for axis in (1, 0))
    if not len(rows):
        return NOTHING
    bounds = Crop(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Marks(bounds, selection[bounds.window])


def shared(one: Crop, other: Crop) -> Crop:
    """What both crops hold; of no width or height where they hold nothing together."""
    left, top = max(one.left, other.left), max(one.top, other.top)
    return Crop(left, top, max(left, min(one.right, other.right)), max(top, min(one.bottom, other.bottom)))
