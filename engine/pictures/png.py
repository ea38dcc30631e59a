"""The reader of PNG: Pillow for 8 bits and fewer, OpenCV for 16.

Either gets the pixels' chunks alone: text and profiles that unpack to gigabytes, and further frames, never reach it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from engine.pictures import colour, nclx, with_pillow
from engine.pictures.png_chunks import SIGNATURE, check_complete, chunk, chunks_of, unpacked
from engine.pictures.png_exif import exif_of
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import check_size, damaged
from engine.pictures.with_opencv import samples_of
from engine.settings import Limits
from engine.types import Size, Source

_MODES = {0: "L;16", 2: "RGB;16", 4: "LA;16", 6: "RGBA;16"}  # by the colour types of the specification
_GREY = (0, 4)
_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})

Chunks = Mapping[bytes, bytes]


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first frame. Raises NotAPictureError where the file is damaged, TooLargeError past the limits."""
    chunks = list(chunks_of(data, name))
    if chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise damaged(name, "its PNG header is missing")
    width, height, bits, colour_type = struct.unpack_from(">IIBB", chunks[0][1])
    check_size(Size(width, height), limits, name)
    # OpenCV makes alpha of a transparent colour, but not of a transparent grey: _read_16 does both.
    needed = _PIXELS - {b"tRNS"} if bits == 16 else _PIXELS
    plain = SIGNATURE + b"".join(chunk(each, body) for each, body in chunks if each in needed)
    others = {each: bytes(body) for each, body in reversed(chunks) if each != b"IDAT"}  # the first of each kind
    if bits == 16:
        raster = _read_16(plain, kind, colour_type, others, Size(width, height), name)
    else:
        raster = with_pillow.read(plain, kind, limits, name)
        bottom = raster.pixels[-2:]
        if (bottom == bottom[:, :1]).all(axis=(1, 2)).any():  # rows that Pillow did not fill have one colour
            check_complete(plain, name)
    icc, notes = (colour.keep_grey if colour_type in _GREY else colour.keep_rgb)(_profile(others))
    if icc is None and len(numbers := others.get(b"cICP", b"")) == 4:
        notes = (*notes, *nclx.note(numbers[0], numbers[1]))
    frames = int.from_bytes(others.get(b"acTL", b"\0\0\0\1")[:4], "big")
    return replace(raster, icc=icc, exif=exif_of(chunks), notes=notes, source=replace(raster.source, frames=frames))


def _read_16(plain: bytes, kind: str, colour_type: int, others: Chunks, size: Size, name: str) -> Raster:
    if colour_type not in _MODES:
        raise damaged(name, f"there is no PNG of 16 bits with colour type {colour_type}")
    mode = _MODES[colour_type]
    pixels, alpha = expanded(samples_of(plain, kind, size, name), has_alpha="A" in mode)
    if alpha is None and len(others.get(b"tRNS", b"")) in (2, 6):  # one colour is transparent
        key = np.frombuffer(others[b"tRNS"], ">u2")
        alpha = np.where((pixels == key).all(axis=2), 0, 65535).astype(np.uint16)
    return Raster(pixels, alpha, None, b"", Source(kind, mode, 16, 1, size))


def _profile(others: Chunks) -> bytes | None:
    """The ICC profile; b"" , which no profile is, where it does not unpack."""
    if b"iCCP" not in others:
        return None
    _, _, packed = others[b"iCCP"].partition(b"\0")
    return unpacked(packed[1:])
