"""The reader of the PNM family (PBM, PGM, PPM): Pillow, except for colours with 16 bits, which it would halve."""

from __future__ import annotations

import re

import numpy as np

from engine.pictures import with_pillow
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import damaged, decoding, truncated
from engine.settings import Limits
from engine.types import Size, Source

_NUMBER = rb"(?:\s|#[^\r\n]*[\r\n])+(\d{1,9})"  # after white space and comments
_HEADER = re.compile(rb"P(?:[14]" + 2 * _NUMBER + rb"|[2356]" + 3 * _NUMBER + rb")\s")
_MOST_HEADER = 1 << 16  # bytes: Pillow reads a header byte by byte, and a comment can go on for ever


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first picture; values are stretched so that the file's largest stands for white.

    Raises NotAPictureError where the file is damaged, TooLargeError past the limits.
    """
    header = _HEADER.match(data, 0, _MOST_HEADER)
    if header is None:
        raise damaged(name, "its PNM header cannot be read")
    image = with_pillow.open_image(data, kind, limits, name)
    size, most = Size(*image.size), int(header[5] or 1)
    if data[:2] == b"P6" and most > 255:
        stored = np.frombuffer(
            data, ">u2", offset=header.end(), count=min(size.area * 3, (len(data) - header.end()) // 2)
        )
        if stored.size < size.area * 3:
            raise truncated(name)
        samples = ((np.minimum(stored, most) * np.uint32(65535) + most // 2) // most).astype(np.uint16)
        samples = samples.reshape(size.height, size.width, 3)
    elif image.mode == "I":  # Pillow has stretched grey with 16 bits to 0..65535
        with decoding(name, kind):
            samples = np.asarray(image).astype(np.uint16)[..., None]
    else:
        return with_pillow.read(data, kind, limits, name)
    pixels, _ = expanded(samples, has_alpha=False)
    source = Source(kind, "RGB;16" if data[:2] == b"P6" else "L;16", 16, 1, size)
    return Raster(pixels, None, None, b"", source)
