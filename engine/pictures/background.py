"""What lies behind the people in a composite: a colour or a picture, brought to the photo's size, depth and profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from engine.errors import PictureError, UsageError
from engine.pictures import colour
from engine.pictures.depth import in_depth_of, to_8_bits, to_depth_of
from engine.types import Picture, Pixels, Size


@dataclass(frozen=True)
class Colour:
    """An sRGB colour, each part 0..255."""

    red: int
    green: int
    blue: int


Background = Colour | Picture
WHITE = Colour(255, 255, 255)


def parse_background(text: str, read: Callable[[str], Picture]) -> Background:
    """A colour (a CSS name, #rgb, #rrggbb, rgb(...), hsl(...)), else the picture that `read` finds under that name.

    Raises UsageError for what is neither, and for a colour that is partly transparent.
    """
    try:
        parts = ImageColor.getrgb(text.strip())
    except ValueError:
        try:
            return read(text)
        except (PictureError, OSError) as error:
            raise UsageError(
                f"background '{text}' is no colour, and no picture that can be read",
                str(error).rstrip("."),
                "Write a name like white, a colour like #3366cc, or the path of a picture",
            ) from error
    if not all(0 <= each <= 255 for each in parts):  # Pillow takes rgb(300, 0, 0) and hsl(0, 500%, 50%) as they are
        raise UsageError(
            f"background '{text}' is no colour", "its numbers are out of range", "Write 0 to 255, or 0% to 100%"
        )
    if len(parts) == 4 and parts[3] != 255:
        raise UsageError(f"background '{text}' is transparent", remedy="Ask for a cut-out instead of a composite")
    return Colour(*parts[:3])


def backdrop(background: Background, photo: Picture) -> Pixels:
    """The background as pixels [H, W, 3] in the photo's depth and colour profile ([1, 1, 3] for a colour).

    A picture covers the frame: scaled to its longer need, the middle of the rest is taken.
    """
    if isinstance(background, Colour):
        flat = np.array([[(background.red, background.green, background.blue)]], np.uint8)
        return to_depth_of(photo.pixels, colour.to_profile(flat, None, photo.icc))
    covering = _covering(_opaque(background), photo.size)
    if background.icc != photo.icc:
        covering = colour.to_profile(to_8_bits(covering), background.icc, photo.icc)
    return to_depth_of(photo.pixels, covering)


def _opaque(picture: Picture) -> Pixels:
    """A picture's pixels, with white where it is transparent."""
    if picture.alpha is None:
        return picture.pixels
    most = np.iinfo(picture.pixels.dtype).max
    share = (picture.alpha / np.float32(most))[..., None]
    return in_depth_of(picture.pixels, np.rint(most + (picture.pixels - np.float32(most)) * share))


def _covering(pixels: Pixels, frame: Size) -> Pixels:
    import cv2

    height, width = pixels.shape[:2]
    scale = max(frame.width / width, frame.height / height)
    used = Size(min(width, max(1, round(frame.width / scale))), min(height, max(1, round(frame.height / scale))))
    left, top = (width - used.width) // 2, (height - used.height) // 2
    middle = pixels[top : top + used.height, left : left + used.width]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(np.ascontiguousarray(middle), frame, interpolation=how)
    return in_depth_of(pixels, np.asarray(scaled))
