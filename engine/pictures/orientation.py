"""Which way up: the orientation that a file's metadata states, and the turn it asks for."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from engine.pictures.pillow_rules import pillow_rules
from engine.settings import Limits
from engine.types import Pixels

_log = logging.getLogger(__name__)


def orientation_of(image: Image.Image) -> int:
    """The orientation that EXIF, or else XMP, states, 1 to 8; 1 where neither does, or not in a readable way."""
    try:
        with pillow_rules(Limits()):
            value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception as error:  # noqa: BLE001  # any value of any type can stand there; the picture itself is sound
        _log.debug("no orientation: %s", error)
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """An array [H, W] or [H, W, C] turned and mirrored as an orientation of 1 to 8 asks."""
    import cv2

    # EXIF names where row 0 and column 0 of the stored pixels belong: 6 is right and top, and so on.
    turned: Any = cv2.transpose(pixels) if orientation >= 5 else pixels
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return np.asarray(turned if flip is None else cv2.flip(turned, flip))
