"""Raw 8-bit samples to a picture: what a program sends that has the pixels in its hands and no file."""

from __future__ import annotations

import numpy as np

from engine.errors import NotAPictureError
from engine.pictures.raster import expanded
from engine.pictures.refusals import check_bytes, check_size
from engine.settings import Limits
from engine.types import Picture, Size, Source

# What the channels of a sample are, in Pillow's names: grey, grey and alpha, RGB, RGB and alpha.
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def from_raw(
    data: bytes | memoryview, width: int, height: int, channels: int, limits: Limits, name: str = "picture"
) -> Picture:
    """The picture of samples [height, width, channels], row by row without padding; channels: a key of MODES.

    Alpha is not multiplied into the colours, which are sRGB. The arrays are read-only and do not hold on to `data`.
    Raises NotAPictureError where size and bytes do not fit together, and TooLargeError past the limits.
    """
    size = Size(width, height)
    if channels not in MODES:
        raise NotAPictureError(f"{name}: raw pixels of {channels} channels are not read", "there are 1, 2, 3 and 4")
    check_size(size, limits, name)
    expected = size.area * channels
    if len(data) != expected:
        raise NotAPictureError(
            f"{name}: {len(data)} bytes of raw pixels came",
            f"{width} x {height} pixels of {channels} channels are {expected} bytes",
            "Send the rows without padding, 8 bits a channel",
        )
    check_bytes(expected, limits, name)
    samples = np.frombuffer(bytes(data), np.uint8).reshape(height, width, channels)
    pixels, alpha = expanded(samples, channels in (2, 4))
    for array in (pixels, alpha):
        if array is not None:
            array.flags.writeable = False
    source = Source("RAW", MODES[channels], bits=8, frames=1, size=size)
    return Picture(pixels, alpha, icc=None, exif=None, source=source)
