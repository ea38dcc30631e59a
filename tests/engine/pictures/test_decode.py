"""What each kind of file becomes, pixel by pixel."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.pictures.decode import decode
from engine.pictures.png_chunks import chunk
from engine.settings import Limits
from engine.types import Picture
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, saved, scene


def read(data: bytes) -> Picture:
    return decode(data, Limits(), "photo")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("PPM", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "tiff_adobe_deflate"}),
        ("TIFF", {"compression": "packbits"}),
        ("TIFF", {"big_tiff": True}),
    ],
)
def test_lossless_kinds_keep_every_pixel(kind: str, options: dict[str, Any]) -> None:
    result = read(saved(colours(), kind, **options))
    np.testing.assert_array_equal(result.pixels, colours())
    assert result.alpha is None
    assert (result.source.format, result.source.bits, result.source.frames) == (kind, 8, 1)
    assert result.notes == ()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_lossy_kinds_stay_close(kind: str) -> None:
    result = read(saved(scene(), kind, quality=95))
    assert np.abs(result.pixels.astype(int) - scene()).mean() < 3
    assert result.source.format == kind


def test_heif_stays_close() -> None:
    result = read(making.heif(scene()))
    assert np.abs(result.pixels.astype(int) - scene()).max() <= 3
    assert result.source.format == "HEIF"


def test_jpeg_inside_tiff() -> None:
    data = saved(scene(), "TIFF", compression="jpeg", quality=95)
    assert np.abs(read(data).pixels.astype(int) - scene()).mean() < 3


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": True}])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_tiled_tiff(options: dict[str, Any], planes: str) -> None:
    pixels = colours() if planes == "contig" else np.moveaxis(colours(), 2, 0)
    data = making.tiff(pixels, photometric="rgb", planarconfig=planes, tile=(16, 16), **options)
    np.testing.assert_array_equal(read(data).pixels, colours())


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_kept_apart_and_not_multiplied(kind: str) -> None:
    alpha = colours()[..., 0]
    options: dict[str, Any] = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    result = read(saved(np.dstack([colours(), alpha]), kind, **options))
    np.testing.assert_array_equal(result.pixels, colours())
    np.testing.assert_array_equal(result.alpha, alpha)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("BMP", {}), ("PPM", {}), ("GIF", {})])
def test_grey_becomes_three_equal_channels(kind: str, options: dict[str, Any]) -> None:
    grey = colours()[..., 0]
    result = read(saved(grey, kind, **options))
    np.testing.assert_array_equal(result.pixels, np.dstack([grey] * 3))
    assert result.alpha is None


def test_grey_with_alpha() -> None:
    samples = colours()[..., :2]
    result = read(making.png(samples, 4))
    np.testing.assert_array_equal(result.pixels, np.repeat(samples[..., :1], 3, axis=2))
    np.testing.assert_array_equal(result.alpha, samples[..., 1])


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "GIF", "BMP"])
def test_palettes(kind: str) -> None:
    indexed = Image.fromarray(colours()).quantize(16)
    result = read(saved(np.asarray(indexed.convert("RGB")), kind, mode="P"))
    assert result.pixels.shape == (*colours().shape[:2], 3)
    data = io.BytesIO()
    indexed.save(data, kind)
    np.testing.assert_array_equal(read(data.getvalue()).pixels, np.asarray(indexed.convert("RGB")))


def test_a_palettes_transparent_entries_become_alpha() -> None:
    indexed = Image.fromarray(colours()).quantize(4)
    data = io.BytesIO()
    indexed.save(data, "PNG", transparency=bytes([0, 90, 255, 255]))
    expected = np.array([0, 90, 255, 255], np.uint8)[np.asarray(indexed)]
    np.testing.assert_array_equal(read(data.getvalue()).alpha, expected)


@pytest.mark.parametrize("value", [0, 255])
def test_a_transparent_colour_becomes_alpha(value: int) -> None:
    pixels = scene()
    pixels[5, 7] = value
    key = bytes([0, value] * 3)
    result = read(making.png(pixels, 2, chunk(b"tRNS", key)))
    assert result.alpha is not None
    assert [tuple(place) for place in np.argwhere(result.alpha == 0)] == [(5, 7)]


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {"compression": "group4"}), ("PPM", {})])
def test_black_and_white(kind: str, options: dict[str, Any]) -> None:
    bits = colours()[..., 0] > 127
    result = read(saved(bits, kind, **options))
    np.testing.assert_array_equal(result.pixels, np.dstack([np.where(bits, 255, 0)] * 3))


def test_an_interlaced_png() -> None:
    np.testing.assert_array_equal(read(making.interlaced_png(colours())).pixels, colours())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_several_pictures_the_first_is_used_and_said(kind: str) -> None:
    first, second = Image.fromarray(scene()), Image.fromarray(255 - scene())
    options = {"lossless": True} if kind == "WEBP" else {}
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=[second, second], **options)
    result = read(file.getvalue())
    assert np.abs(result.pixels.astype(int) - scene()).mean() < 12  # GIF has 256 colours
    assert result.source.frames > 1
    assert result.notes == (f"The {kind} file holds several pictures: the first was used",)


def test_a_cameras_two_jpegs_in_one_file() -> None:
    file = io.BytesIO()
    Image.fromarray(scene()).save(file, "MPO", save_all=True, append_images=[Image.fromarray(255 - scene())])
    result = read(file.getvalue())
    assert result.source.format == "MPO"
    assert "first was used" in result.notes[0]
    assert np.abs(result.pixels.astype(int) - scene()).mean() < 5


def test_bytes_behind_a_jpeg_do_no_harm() -> None:
    """Phones put a film behind the photo, in which any marker can occur."""
    film = b"\xff\xd9 film \xff\xda\0\1" * 300
    assert read(saved(scene(), "JPEG") + film).size == (64, 48)


@pytest.mark.parametrize("data", [saved(scene(), "JPEG"), making.png(colours(16), 2), making.heif(scene())])
def test_a_picture_cannot_be_changed(data: bytes) -> None:
    picture = read(data)
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0] = 0


def test_memoryview_and_name_of_the_file_play_no_part() -> None:
    data = saved(colours(), "PNG")
    np.testing.assert_array_equal(decode(memoryview(data), Limits(), "photo.jpg").pixels, colours())


def test_the_size_is_upright_and_the_source_says_what_was_stored() -> None:
    result = read(saved(scene(), "JPEG", exif=Image.Exif()))
    assert result.size == (64, 48)
    assert result.source.size == (64, 48)
    assert result.source.mode == "RGB"
