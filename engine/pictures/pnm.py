"""The reader of the PNM family (PBM, PGM, PPM): Pillow, except for colours with 16 bits, which it would halve."""

from __future__ import annotations

import re

import numpy as np

from engine.pictures import with_pillow
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import decoding, truncated
from engine.settings import Limits
from engine.types import Size, Source

_BETWEEN = rb"(?:\s|#[^\r\n]*[\r\n])+"
_PPM = re.compile(rb"P6" + 3 * (_BETWEEN + rb"(\d{1,9})") + rb"\s")


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first picture; values are stretched so that the file's largest stands for white.

    Raises NotAPictureError where the file is damaged, TooLargeError past the limits.
    """
    image = with_pillow.open_image(data, kind, limits, name)
    size = Size(*image.size)
    header = _PPM.match(data)
    if header and int(header[3]) > 255:
        stored = np.frombuffer(
            data, ">u2", offset=header.end(), count=min(size.area * 3, (len(data) - header.end()) // 2)
        )
        if stored.size < size.area * 3:
            raise truncated(name)
        most = int(header[3])
        samples = ((np.minimum(stored, most) * np.uint32(65535) + most // 2) // most).astype(np.uint16)
        samples = samples.reshape(size.height, size.width, 3)
    elif image.mode == "I":  # Pillow has stretched grey with 16 bits to 0..65535
        with decoding(name, kind):
            samples = np.asarray(image).astype(np.uint16)[..., None]
    else:
        return with_pillow.read(data, kind, limits, name)
    pixels, _ = expanded(samples, has_alpha=False)
    source = Source(kind, "RGB;16" if header else "L;16", 16, 1, size)
    return Raster(pixels, None, None, b"", source)
