"""The reader of AVIF: Pillow for 8 bits, OpenCV for 10 and 12."""

from __future__ import annotations

from dataclasses import replace

from engine.pictures import colour, with_pillow
from engine.pictures.depth import stretched
from engine.pictures.nclx import unprofiled
from engine.pictures.raster import Raster, expanded
from engine.pictures.with_opencv import samples_of
from engine.settings import Limits
from engine.types import Size, Source


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first picture; 10 and 12 bits become 16, so that white is 65535. The orientation is left to apply.

    Raises NotAPictureError where the file is damaged, TooLargeError past the limits.
    """
    bits = bits_of(data)
    raster = _read_deep(data, kind, bits, limits, name) if bits > 8 else with_pillow.read(data, kind, limits, name)
    return replace(raster, notes=(*raster.notes, *unprofiled(data, raster.icc)))


def _read_deep(data: bytes, kind: str, bits: int, limits: Limits, name: str) -> Raster:
    image = with_pillow.open_image(data, kind, limits, name)
    size = Size(*image.size)
    samples = stretched(samples_of(data, kind, size, name), 2**bits - 1)
    pixels, alpha = expanded(samples, has_alpha=samples.shape[2] == 4)
    icc, notes = colour.keep_rgb(image.info.get("icc_profile"))
    exif = (image.info.get("exif") or b"").removeprefix(b"Exif\0\0")
    source = Source(kind, f"{image.mode};{bits}", 16, with_pillow.frames_of(image), size)
    return Raster(pixels, alpha, icc, exif, source, notes)


def bits_of(data: bytes) -> int:
    """Bits a channel, by the AV1 codec configuration box (AV1-ISOBMFF, 2.3.3)."""
    at = data.find(b"av1C")
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    return (12 if flags & 0x20 else 10) if flags & 0x40 else 8
