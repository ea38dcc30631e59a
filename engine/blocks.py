"""Full-size steps in blocks: memory does not grow with the picture, and blocks with nothing to do cost nothing."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from engine.types import Crop, Size

_SIDE = 256

Values = npt.NDArray[np.float32]


def blocks(area: Crop) -> Iterator[Crop]:
    """The area in blocks of at most 256 x 256 pixels, row by row."""
    for top in range(area.top, area.bottom, _SIDE):
        for left in range(area.left, area.right, _SIDE):
            yield Crop(left, top, min(area.right, left + _SIDE), min(area.bottom, top + _SIDE))


def enlarged_part(small: Values, size: Size, part: Crop) -> Values:
    """A part of `small` [h, w] or [h, w, up to 4] enlarged linearly to `size`, as cv2.resize would, alone."""
    if (small.shape[1], small.shape[0]) == size:
        return small[part.window]
    scale_x, scale_y = small.shape[1] / size.width, small.shape[0] / size.height
    # Pixel centres: x of the small one is (x + 0.5) * scale - 0.5; the map starts at the part's corner.
    where = np.array(
        [[scale_x, 0, (part.left + 0.5) * scale_x - 0.5], [0, scale_y, (part.top + 0.5) * scale_y - 0.5]], np.float64
    )
    enlarged = cv2.warpAffine(
        small, where, part.size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(enlarged, np.float32)
