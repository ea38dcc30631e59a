"""The reader of PNG: Pillow for 8 bits and fewer; for 16, which Pillow would halve, libpng through OpenCV.

OpenCV gets the pixels' chunks alone: text and profiles that unpack to gigabytes, and further frames, never reach it.
"""

from __future__ import annotations

import numpy as np

from engine.pictures import colour, with_pillow
from engine.pictures.exif import raw_exif
from engine.pictures.orientation import orientation_of
from engine.pictures.png_chunks import SIGNATURE, check_complete, chunk, chunks_of
from engine.pictures.raster import Raster, expanded
from engine.pictures.refusals import damaged, decoding
from engine.settings import Limits
from engine.types import Size, Source

_MODES = {0: "L;16", 2: "RGB;16", 4: "LA;16", 6: "RGBA;16"}  # by the colour type of the specification
_NEEDED = (b"IHDR", b"IDAT", b"IEND")


def read(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    """Reads the first frame. Raises NotAPictureError where the file is damaged, TooLargeError past the limits."""
    if data[24:25] == b"\x10":  # bits a channel, by the header
        return _read_16(data, kind, limits, name)
    raster = with_pillow.read(data, kind, limits, name)
    bottom = raster.pixels[-2:]
    if (bottom == bottom[:, :1]).all(axis=(1, 2)).any():  # rows that Pillow did not fill have one colour
        check_complete(data, name)
    return raster


def _read_16(data: bytes, kind: str, limits: Limits, name: str) -> Raster:
    import cv2

    image = with_pillow.open_image(data, kind, limits, name)
    size, mode = Size(*image.size), _MODES[data[25]]
    chunks = list(chunks_of(data, name))
    plain = SIGNATURE + b"".join(chunk(each, body) for each, body in chunks if each in _NEEDED)
    with decoding(name, kind):
        stored = cv2.imdecode(np.frombuffer(plain, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16 or stored.shape[:2] != (size.height, size.width):
        raise damaged(name, "its PNG data cannot be decoded")
    samples = np.asarray(stored, np.uint16).reshape(size.height, size.width, -1)
    bgr_to_rgb = [2, 1, 0, 3][: samples.shape[2]] if samples.shape[2] >= 3 else [0]
    pixels, alpha = expanded(samples[..., bgr_to_rgb], has_alpha="A" in mode)
    others = dict(chunks)
    if b"tRNS" in others and alpha is None:
        key = np.frombuffer(others[b"tRNS"][:6], ">u2")
        alpha = np.where((pixels == key).all(axis=2), 0, 65535).astype(np.uint16)
    if b"eXIf" in others:  # it may lie behind the pixels, where Pillow has not looked
        image.info["exif"] = bytes(others[b"eXIf"])
    image.info.setdefault("exif", raw_exif(image))  # else Pillow would decode the pixels to look behind them
    keep = colour.keep_grey if mode.startswith("L") else colour.keep_rgb
    icc, notes = keep(image.info.get("icc_profile"))
    source = Source(kind, mode, 16, with_pillow.frames_of(image), size)
    return Raster(pixels, alpha, icc, raw_exif(image), orientation_of(image), source, notes)
