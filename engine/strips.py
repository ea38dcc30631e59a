"""Rows of an enlarged array, without making the rest: what keeps full-size steps small in memory."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from engine.types import Size

STRIP_ROWS = 256

Values = npt.NDArray[np.float32]


def strips(first: int, last: int) -> Iterator[tuple[int, int]]:
    """[first, last) in steps of STRIP_ROWS."""
    for top in range(first, last, STRIP_ROWS):
        yield top, min(last, top + STRIP_ROWS)


def enlarged_rows(small: Values, size: Size, top: int, bottom: int) -> Values:
    """Rows [top, bottom) of `small` [h, w] or [h, w, up to 4] enlarged linearly to `size`, as cv2.resize would."""
    if (small.shape[1], small.shape[0]) == size:
        return small[top:bottom]
    scale_x, scale_y = small.shape[1] / size.width, small.shape[0] / size.height
    # Pixel centres: x of the small one is (x + 0.5) * scale - 0.5; the map starts at row `top`.
    where = np.array([[scale_x, 0, 0.5 * scale_x - 0.5], [0, scale_y, (top + 0.5) * scale_y - 0.5]], np.float64)
    enlarged = cv2.warpAffine(
        small,
        where,
        (size.width, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(enlarged, np.float32)
