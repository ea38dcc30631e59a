"""What a header states is what decoding then makes, and is known without decoding."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.errors import NotAPictureError, PictureError, TooLargeError
from engine.pictures.decode import decode
from engine.pictures.stated import Stated, stated
from engine.settings import Limits
from engine.types import Size
from tests.engine.pictures.making import HEIGHT, WIDTH, by_opencv, colours, heif, png, saved, tiff
from tests.engine.pictures.test_bombs import gif_header, png_header, tiff_header

LIMITS = Limits(megapixels=4)
RGBA8 = np.dstack([colours(), colours()[..., 0]])
RGBA16 = np.dstack([colours(16), colours(16)[..., 0]])

FILES: dict[str, tuple[bytes, int, bool]] = {
    "jpeg": (saved(colours(), "JPEG"), 8, False),
    "jpeg, grey": (saved(colours()[..., 0], "JPEG"), 8, False),
    "jpeg, cmyk": (saved(colours(), "JPEG", "CMYK"), 8, False),
    "png": (saved(colours(), "PNG"), 8, False),
    "png, palette": (saved(colours(), "PNG", "P"), 8, False),
    "png, one transparent colour": (saved(colours(), "PNG", "P", transparency=3), 8, True),
    "png, alpha": (saved(RGBA8, "PNG"), 8, True),
    "png, 16 bits": (by_opencv(colours(16), ".png"), 16, False),
    "png, 16 bits, alpha": (by_opencv(RGBA16, ".png"), 16, True),
    "png, 16 bits, grey and alpha": (png(colours(16)[..., :2], 4), 16, True),
    "webp": (saved(colours(), "WEBP"), 8, False),
    "webp, lossless": (saved(colours(), "WEBP", lossless=True), 8, False),
    "webp, alpha": (saved(RGBA8, "WEBP"), 8, True),
    "tiff": (saved(colours(), "TIFF"), 8, False),
    "tiff, alpha": (saved(RGBA8, "TIFF"), 8, True),
    "tiff, 16 bits": (tiff(colours(16), photometric="rgb"), 16, False),
    "tiff, 16 bits, alpha": (tiff(RGBA16, photometric="rgb", extrasamples=["unassalpha"]), 16, True),
    "bmp": (saved(colours(), "BMP"), 8, False),
    "gif": (saved(colours(), "GIF"), 8, False),
    "ppm": (saved(colours(), "PPM"), 8, False),
    "ppm, 16 bits": (b"P6 36 24 65535\n" + colours(16).astype(">u2").tobytes(), 16, False),
    "avif": (saved(colours(), "AVIF"), 8, False),
    "avif, alpha": (saved(RGBA8, "AVIF"), 8, True),
    "avif, 10 bits": (by_opencv(colours(10), ".avif", 512, 90, 513, 10), 16, False),
    "heif": (heif(colours()), 8, False),
    "heif, alpha": (heif(RGBA8, "RGBA"), 8, True),
}


@pytest.mark.parametrize(("data", "bits", "alpha"), FILES.values(), ids=FILES)
def test_it_is_what_decoding_makes(data: bytes, bits: int, alpha: bool) -> None:
    picture = decode(data, Limits())
    assert (picture.size, 8 * picture.pixels.itemsize) == (Size(WIDTH, HEIGHT), bits)
    assert (picture.alpha is not None) == alpha
    header = stated(data, Limits())
    assert (header.size, header.bits) == (Size(WIDTH, HEIGHT), bits)
    assert header.alpha >= alpha


def test_alpha_is_not_assumed_where_the_header_tells() -> None:
    assumed = {name for name, (data, _, alpha) in FILES.items() if stated(data, Limits()).alpha > alpha}
    assert assumed == {"gif"}


def test_the_size_is_the_stored_one() -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    turned = saved(colours(), "JPEG", exif=exif)
    assert decode(turned, Limits()).size == Size(HEIGHT, WIDTH)
    assert stated(turned, Limits()).size == Size(WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "data", [png_header(60_000, 60_000), tiff_header(60_000, 60_000), gif_header((60_000, 60_000), (1, 1))]
)
def test_a_bomb_is_refused(data: bytes) -> None:
    with pytest.raises(TooLargeError, match="photo: the picture has 60000 x 60000 pixels"):
        stated(data, Limits(), "photo")


def test_no_pixel_is_needed() -> None:
    assert stated(png_header(4000, 3000)[:40], Limits()) == Stated(Size(4000, 3000), 8, False)
    for name in ("jpeg", "bmp", "ppm", "webp", "gif", "png, alpha"):
        data, bits, _ = FILES[name]
        assert stated(data[: len(data) // 2], Limits()).bits == bits


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0\x08\0\0\0"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(NotAPictureError, match=r"^photo: "):
        stated(data, Limits(), "photo")


@pytest.mark.parametrize("name", FILES)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=25)
def test_damaged_headers_are_refused_and_never_state_less_than_is_decoded(
    name: str, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(FILES[name][0])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        header = stated(bytes(data), LIMITS)
    except PictureError:
        with pytest.raises(PictureError):
            decode(bytes(data), LIMITS)
        return
    with contextlib.suppress(PictureError):
        picture = decode(bytes(data), LIMITS)
        assert picture.size.area <= header.size.area
        assert 8 * picture.pixels.itemsize <= header.bits
        assert (picture.alpha is not None) <= header.alpha
