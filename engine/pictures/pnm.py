"""The reader of the PNM family (PBM, PGM, PPM): Pillow, except for 16 bits in binary, whose colours it would halve."""

from __future__ import annotations

import re

import numpy as np

from engine.pictures import with_pillow
from engine.pictures.decoding import decoding
from engine.pictures.depth import stretched
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import check_size, damaged, truncated
from engine.settings import Limits
from engine.types import Pixels, Size, Source

_NUMBER = rb"(?:\s|#[^\r\n]*[\r\n])+(\d{1,9})"  # after white space and comments
_HEADER = re.compile(rb"P(?:[14]" + 2 * _NUMBER + rb"|[2356]" + 3 * _NUMBER + rb")\s")
_BINARY = {b"P5": 1, b"P6": 3}  # channels
_MOST_HEADER = 1 << 16  # bytes: Pillow reads a header byte by byte, and a comment can go on for ever


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first picture; 16-bit values are stretched so that the file's largest stands for white.

    Raises NotAPictureError where the file is damaged, TooLargeError past the limits.
    """
    size, most, start = header_of(data, name)
    channels = _BINARY.get(data[:2], 0)
    if most <= 255 or not channels:
        return _by_pillow(data, kind, limits, name)
    check_size(size, limits, name)
    if most > 65535:
        raise damaged(name, f"its largest value is said to be {most}")
    count = size.area * channels
    if start + 2 * count > len(data):
        raise truncated(name)
    stored: Pixels = np.frombuffer(data, ">u2", count, start).reshape(size.height, size.width, channels)
    pixels, _ = expanded(stretched(stored, most), has_alpha=False)
    mode = "RGB;16" if channels == 3 else "L;16"
    return Raster(pixels, None, None, b"", Source(kind, mode, 16, 1, size))


def header_of(data: bytes, name: str) -> tuple[Size, int, int]:
    """The size, the largest value, and where the pixels begin. Raises NotAPictureError."""
    header = _HEADER.match(data, 0, _MOST_HEADER)
    if header is None:
        raise damaged(name, "its PNM header cannot be read")
    width, height, most = (int(number or 1) for number in (header[1] or header[3], header[2] or header[4], header[5]))
    return Size(width, height), most, header.end()


def _by_pillow(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    image = with_pillow.open_image(data, kind, limits, name)
    if image.mode != "I":
        return with_pillow.read(data, kind, limits, name)
    with decoding(name, kind):  # grey written in digits, which Pillow stretches to 0..65535
        samples = np.asarray(image).astype(np.uint16)[..., None]
    pixels, _ = expanded(samples, has_alpha=False)
    return Raster(pixels, None, None, b"", Source(kind, "L;16", 16, 1, Size(*image.size)))
