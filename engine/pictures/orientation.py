"""Which way up: the turn that EXIF's orientation asks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.types import Pixels


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """An array [H, W] or [H, W, C] turned and mirrored as an orientation of 1 to 8 asks."""
    import cv2

    # EXIF names where row 0 and column 0 of the stored pixels belong: 6 is right and top, and so on.
    turned: Any = cv2.transpose(pixels) if orientation >= 5 else pixels
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return np.asarray(turned if flip is None else cv2.flip(turned, flip))
