"""Where pictures are cut: round a person, with a margin and more where the body goes on; and in tiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.types import Box, Crop, Matte, Size

# Around a box, in parts of its longer side: less loses hair, held bags and the surroundings that networks need.
MARGIN = 0.20

# A crop's side has cut a body when alpha is over a half on this part of it; people's own boxes do not count there,
# grown by this part of their sides, since each of them has a crop of its own.
_CUT = 0.04
_OTHERS_GROWN = 0.10

# How far a side that cut a body moves, in parts of the crop's longer side.
_GROWTH = 0.40


def crop_around(box: Box, frame: Size) -> Crop:
    """The box and its margin, as whole pixels inside the frame, at least one each way."""
    margin = MARGIN * max(box.width, box.height)
    left, top = max(0, int(box.x0 - margin)), max(0, int(box.y0 - margin))
    right, bottom = min(frame.width, int(box.x1 + margin) + 1), min(frame.height, int(box.y1 + margin) + 1)
    return Crop(min(left, frame.width - 1), min(top, frame.height - 1), max(right, left + 1), max(bottom, top + 1))


def size_of(array: npt.NDArray[Any]) -> Size:
    """Of an array [height, width, ...]."""
    return Size(array.shape[1], array.shape[0])


def box_in_crop(box: Box, crop: Crop, size: Size) -> Box:
    """A box of the picture in the pixels of its crop, scaled to `size`, clipped to it."""
    across, down = size.width / crop.size.width, size.height / crop.size.height
    return Box(
        (box.x0 - crop.left) * across,
        (box.y0 - crop.top) * down,
        (box.x1 - crop.left) * across,
        (box.y1 - crop.top) * down,
    ).within(size)


def window(box: Box) -> tuple[slice, slice]:
    """Index of a box that lies inside an array [height, width, ...], of one pixel at least."""
    left, top = int(box.x0), int(box.y0)
    return slice(top, max(top + 1, int(np.ceil(box.y1)))), slice(left, max(left + 1, int(np.ceil(box.x1))))


def grown(crop: Crop, matte: Matte, frame: Size, others: Iterable[Box]) -> Crop:
    """The crop, larger on those sides where its matte [h, w] runs into a border that is not the frame's.

    others: the boxes of other people in the picture's pixels.
    """
    size = size_of(matte)
    body = matte > 0.5
    for other in others:
        inside = box_in_crop(other.grown(_OTHERS_GROWN), crop, size)
        if inside.area > 0:
            body[window(inside)] = False
    step = round(_GROWTH * max(crop.size))
    left, right, top, bottom = (bool(edge.mean() > _CUT) for edge in (body[:, 0], body[:, -1], body[0], body[-1]))
    return Crop(
        max(0, crop.left - step * left),
        max(0, crop.top - step * top),
        min(frame.width, crop.right + step * right),
        min(frame.height, crop.bottom + step * bottom),
    )


def tiles(frame: Size, side: int, overlap: float) -> Iterator[Crop]:
    """Squares of `side` pixels that cover the frame, spread evenly, each two sharing at least `overlap` of a side."""
    for top in _starts(frame.height, side, overlap):
        for left in _starts(frame.width, side, overlap):
            yield Crop(left, top, min(left + side, frame.width), min(top + side, frame.height))


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = 1 + int(np.ceil((length - side) / (side * (1 - overlap))))
    return [round(index * (length - side) / (count - 1)) for index in range(count)]
