"""Pictures of every kind, made here, with known pixels."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pillow_heif
import tifffile
from PIL import Image, ImageCms

from engine.pictures.png_chunks import SIGNATURE, chunk
from engine.types import CutOut, Matte, Picture, Pixels, Report, Size, Source

Array = npt.NDArray[Any]
HEIGHT, WIDTH = 24, 36


def colours(bits: int = 8, height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> Pixels:
    """Random RGB [H, W, 3]: any change of order, depth or place shows."""
    values = np.random.default_rng(seed).integers(0, 2**bits, (height, width, 3))
    return values.astype(np.uint8) if bits == 8 else values.astype(np.uint16)


def scene(height: int = 48, width: int = 64) -> npt.NDArray[np.uint8]:
    """Smooth RGB [H, W, 3] with another colour in each corner: survives lossy formats, and shows every turn."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.dstack([40 + 160 * x, 40 + 160 * y, 200 - 120 * x * y]).astype(np.uint8)


def saved(pixels: Array, kind: str, mode: str | None = None, **options: Any) -> bytes:
    """A file of one of Pillow's kinds."""
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, kind, **options)
    return file.getvalue()


def tiff(pixels: Array, **options: Any) -> bytes:
    """A file of tifffile's."""
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def heif(pixels: Array, mode: str = "RGB", **options: Any) -> bytes:
    """A HEIF file, as exact as the format can be."""
    made = pillow_heif.from_bytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    file = io.BytesIO()
    made.save(file, quality=-1, chroma=444, matrix_coefficients=0, **options)
    return file.getvalue()


def by_opencv(pixels: Array, suffix: str, *settings: int) -> bytes:
    """A file of OpenCV's, from RGB or RGB with alpha."""
    order = [0] if pixels.ndim == 2 else [2, 1, 0, 3][: pixels.shape[2]]
    return cv2.imencode(suffix, pixels if pixels.ndim == 2 else pixels[..., order], settings)[1].tobytes()


def png(samples: Array, colour_type: int, *chunks: bytes, behind: bytes = b"") -> bytes:
    """A PNG put together by hand: samples [H, W, C], further chunks before and behind the pixels."""
    bits = 8 * samples.itemsize
    rows = b"".join(b"\0" + row.astype(f">u{samples.itemsize}").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], bits, colour_type, 0, 0, 0)
    return b"".join(
        (SIGNATURE, chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(rows)), behind, chunk(b"IEND", b""))
    )


def interlaced_png(pixels: Array) -> bytes:
    """RGB with 8 bits in the seven passes of Adam7, which Pillow does not write."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = b"".join(b"\0" + row.tobytes() for x, y, across, down in passes for row in pixels[y::down, x::across])
    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 1)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _icc(device: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2 (ICC.1, 7): header, table of tags, tags."""
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(81), b"wtpt": _xyz(WHITE), **tags}
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, device, space, connection)
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(WHITE)[8:]
    return header.ljust(128, b"\0") + table + body


WHITE = (0.9642, 1.0, 0.8249)  # D50


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(each * 65536) for each in values))


def profile(space: bytes = b"RGB ", gamma: float = 1.8, swap: bool = False) -> bytes:
    """A small profile: RGB with sRGB's primaries (red and green change places where `swap`), or grey."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    if space == b"GRAY":
        return _icc(b"mntr", space, b"XYZ ", {b"kTRC": curve})
    red, green, blue = _xyz((0.4361, 0.2225, 0.0139)), _xyz((0.3851, 0.7169, 0.0971)), _xyz((0.1431, 0.0606, 0.7141))
    first, second = (green, red) if swap else (red, green)
    curves = {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return _icc(b"mntr", space, b"XYZ ", {b"rXYZ": first, b"gXYZ": second, b"bXYZ": blue, **curves})


def cmyk_profile() -> bytes:
    """A profile whose inks are all grey: paper is white, each ink takes a quarter of the light."""
    straight = bytes(range(256))
    nodes = [bytes([255 * (4 - bin(inks).count("1")) // 4, 128, 128]) for inks in range(16)]  # L*, a*, b*
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + straight * 4 + b"".join(nodes) + straight * 3
    return _icc(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def picture(
    pixels: Pixels, icc: bytes | None = None, exif: bytes | None = None, alpha: Pixels | None = None
) -> Picture:
    size = Size(pixels.shape[1], pixels.shape[0])
    return Picture(pixels, alpha, icc, exif, Source("PNG", "RGB", 8 * pixels.itemsize, 1, size))


def soft_matte(height: int = HEIGHT, width: int = WIDTH, seed: int = 1) -> Matte:
    """A matte with zeros, ones and everything between."""
    values = np.random.default_rng(seed).random((height, width)) * 1.6 - 0.3
    return np.clip(values, 0, 1).astype(np.float32)


def cut_out(bits: int = 8, icc: bytes | None = None, exif: bytes | None = None, matte: Matte | None = None) -> CutOut:
    """A cut-out of random colours, 0 where the matte is 0."""
    matte = soft_matte() if matte is None else matte
    pixels = colours(bits, *matte.shape)
    foreground = pixels.copy()
    foreground[matte == 0] = 0
    report = Report(matte.shape[1], matte.shape[0], (), "cpu", {})
    return CutOut(picture(pixels, icc, exif), matte, foreground, report)
