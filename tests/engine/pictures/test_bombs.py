"""Bombs: small files that claim or hold very much. They are refused before they cost anything."""

from __future__ import annotations

import resource
import struct
import zlib

import numpy as np
import pytest

from engine.errors import NotAPictureError, TooLargeError
from engine.pictures.decode import decode
from engine.pictures.png_chunks import SIGNATURE, chunk
from engine.pictures.tiff_directory import Entry, Layout, packed_directory
from engine.settings import Limits
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, saved, scene
from tests.engine.pictures.refusing import refused

JPEG, AVIF = saved(scene(), "JPEG"), saved(scene(), "AVIF")


def png_header(width: int, height: int, bits: int = 8) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def tiff_header(width: int, height: int, strips: int = 1, bits: int = 8, tile: int = 0) -> bytes:
    """Grey, in Deflate strips that all point at the same bytes; with one tile instead where `tile` is its side."""
    packed = zlib.compress(bytes(10_000_000), 9)
    layout = Layout("<", big=False)
    numbers: dict[int, tuple[int, ...]] = {
        256: (width,), 257: (height,), 258: (bits,), 259: (8,), 262: (1,), 277: (1,),
    }  # fmt: skip
    if tile:
        numbers |= {322: (tile,), 323: (tile,), 324: (8,), 325: (len(packed),)}
    else:
        numbers |= {273: (8,) * strips, 278: (-(-height // strips),), 279: (len(packed),) * strips}
    entries: dict[int, Entry] = {tag: layout.whole_numbers(tag, each) for tag, each in numbers.items()}
    start = 8 + len(packed)
    return b"II*\0" + struct.pack("<I", start) + packed + packed_directory(entries, layout, start)


def gif_header(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """A frame that is to be wiped after it was shown, for which Pillow makes room as soon as it opens the file."""
    wipe = b"!\xf9\x04\x08\0\0\0\0"
    return (
        b"GIF89a"
        + struct.pack("<HH", *screen)
        + bytes(3)
        + wipe
        + b","
        + struct.pack("<4H", 0, 0, *frame)
        + b"\0\x08\x02\1\1\0;"
    )


def webp_header(kind: bytes, body: bytes) -> bytes:
    packed = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed


def bmp_header(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def jpeg_header(width: int, height: int) -> bytes:
    start = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:start] + struct.pack(">HH", height, width) + JPEG[start + 4 :]


def avif_header(width: int, height: int) -> bytes:
    return AVIF.replace(struct.pack(">II", 64, 48), struct.pack(">II", width, height))


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png_header(60_000, 60_000), "60000 x 60000"),
        (png_header(60_000, 60_000, 16), "60000 x 60000"),
        (png_header(2**31 - 1, 1), "2147483647 x 1"),
        (tiff_header(60_000, 60_000), "60000 x 60000"),
        (tiff_header(60_000, 60_000, bits=16), "60000 x 60000"),
        (gif_header((65_535, 65_535), (10, 10)), "65535 x 65535"),
        (gif_header((10, 10), (65_535, 65_534)), "65535 x 65534"),
        (gif_header((10, 10), (65_535, 65_534)).replace(b"!\xf9", b"\0!\xfe\x03abc\0!\xf9"), "65535 x 65534"),
        (bmp_header(60_000, 60_000), "60000 x 60000"),
        (jpeg_header(60_000, 50_000), "60000 x 50000"),
        (avif_header(15_000, 14_000), "15000 x 14000"),
        (b"P6 100000 100000 255\n", "100000 x 100000"),
        (b"P6 100000 100000 65535\n", "100000 x 100000"),
        (webp_header(b"VP8X", bytes(4) + b"\xff" * 6), "16777216 x 16777216"),
        (webp_header(b"VP8 ", bytes(3) + b"\x9d\1\x2a\xff\x3f\xff\x3f" + bytes(20)), "16383 x 16383"),
        (webp_header(b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(20)), "16384 x 16384"),
    ],
)
def test_bombs_by_size_are_told_in_pixels_and_cost_no_memory(data: bytes, size: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = refused(data)
    assert isinstance(error, TooLargeError)
    assert f"the picture has {size} pixels" in str(error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_pillows_own_limit_still_stands_behind_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.pictures.with_pillow.stated_size", lambda *_: None)
    error = refused(gif_header((10, 10), (65_535, 65_535)))
    assert isinstance(error, TooLargeError)
    assert "limits.megapixels" in str(error)


@pytest.mark.parametrize(
    "data",
    [
        png_header(0, 5),
        png_header(5, 0, 16),
        b"P6 0 5 255\n",
        b"P5 0 5 65535\n",
        tiff_header(0, 5),
        tiff_header(1000, 65_535, strips=65_535),
        tiff_header(1000, 65_535, strips=65_535, bits=16),
        tiff_header(50, 50, tile=16_000),
        tiff_header(50, 50, tile=16_000, bits=16),
        tiff_header(13_000, 10_000),
        b"P6 #" + b"x" * 5_000_000,
        b"P6 " + b"9" * 5000,
        b"P6 14000 14000 255\n",
        b"P5 14000 14000 65535\n",
    ],
)
def test_bombs_by_what_lies_inside(data: bytes) -> None:
    assert isinstance(refused(data), NotAPictureError)


def test_a_jpeg_with_thousands_of_scans() -> None:
    data = saved(np.full((800, 800), 128, np.uint8), "JPEG", progressive=True)
    scan = data[data.rfind(b"\xff\xda") : -2]
    assert "more than 100 scans" in str(refused(data[:-2] + scan * 3000 + b"\xff\xd9"))


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE + b"\0\0\0\0teXt\0\0\0\0" * 300_000,
        b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**40) + bytes(20) * 300_000,
        b"\0\0\0\x18ftypheic" + bytes(12) + b"\0\0\0\x08free" * 300_000,
        tiff_header(10, 10, strips=5_000_000),
    ],
    ids=["png chunks", "bigtiff tags", "heif boxes", "tiff strips"],
)
def test_millions_of_parts(data: bytes) -> None:
    assert isinstance(refused(data), NotAPictureError)


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
@pytest.mark.parametrize("bits", [8, 16])
def test_text_that_unpacks_to_gigabytes_is_not_unpacked(kind: bytes, bits: int) -> None:
    packed = zlib.compress(bytes(50_000_000), 9)
    body = b"x\0\1\0\0\0" + packed if kind == b"iTXt" else b"x\0\0" + packed
    data = making.png(colours(bits), 2, *[chunk(kind, body)] * 20)
    np.testing.assert_array_equal(decode(data, Limits()).pixels, colours(bits))
