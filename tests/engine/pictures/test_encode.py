"""What is written is what was cut out: value by value, with its profile and EXIF."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.errors import OutputError
from engine.pictures.background import Colour
from engine.pictures.decode import decode
from engine.pictures.encode import encode, encode_composite, encode_cutout, encode_matte
from engine.pictures.formats import suffix, written_format
from engine.settings import FORMATS, WANTS, Limits
from engine.types import Picture
from tests.engine.pictures import making
from tests.engine.pictures.making import cut_out, profile

EXIF = b"MM\0*\0\0\0\x08\0\1\x01\x0f\0\2\0\0\0\4abc\0\0\0\0\0"


def read(data: bytes) -> Picture:
    return decode(data, Limits())


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("form", ["png", "tiff"])
def test_a_cut_out_keeps_every_value(form: str, bits: int) -> None:
    cut = cut_out(bits, profile(), EXIF)
    result = read(encode_cutout(cut, form))
    assert result.source.format == form.upper()
    assert result.pixels.dtype == cut.foreground.dtype
    np.testing.assert_array_equal(result.pixels, cut.foreground)
    np.testing.assert_array_equal(result.alpha, np.floor(cut.matte * (2**bits - 1) + np.float32(0.5)))
    assert result.icc == profile()
    assert b"abc\0" in (result.exif or b"")


def test_webp_keeps_every_value_of_8_bits() -> None:
    cut = cut_out(8, profile(), EXIF)
    result = read(encode_cutout(cut, "webp"))
    np.testing.assert_array_equal(result.pixels, cut.foreground)
    np.testing.assert_array_equal(result.alpha, np.floor(cut.matte * 255 + np.float32(0.5)))
    assert result.icc == profile()
    assert result.exif == EXIF


def test_webp_rounds_16_bits_to_8() -> None:
    cut = cut_out(16)
    result = read(encode_cutout(cut, "webp"))
    assert np.abs(result.pixels - cut.foreground / 257).max() <= 0.5


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("form", FORMATS)
def test_a_matte_keeps_every_step(form: str, bits: int) -> None:
    cut = cut_out(8, profile(), EXIF)
    data = encode_matte(cut, form, bits)
    result = read(data)
    assert result.source.format == ("TIFF" if form == "tiff" else "PNG")
    assert result.source.mode.startswith("L")
    np.testing.assert_array_equal(result.pixels[..., 0], np.floor(cut.matte * (2**bits - 1) + np.float32(0.5)))
    assert result.alpha is None
    assert result.icc is None
    assert b"abc\0" not in (result.exif or b"")


def test_other_programs_read_what_is_written() -> None:
    cut = cut_out(8, profile(), EXIF)
    for form in ("png", "tiff", "webp"):
        with Image.open(io.BytesIO(encode_cutout(cut, form))) as image:
            assert image.mode == "RGBA"
            np.testing.assert_array_equal(np.asarray(image)[..., :3], cut.foreground)
            assert image.info["icc_profile"] == profile()
            assert image.getexif()[0x010F] == "abc"
    with Image.open(io.BytesIO(encode_matte(cut, "tiff", 16))) as image:
        assert image.mode == "I;16"


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("form", ["png", "tiff"])
def test_a_composite_keeps_the_photo_where_the_matte_is_1(form: str, bits: int) -> None:
    cut = cut_out(bits, exif=EXIF)
    result = read(encode_composite(cut, Colour(51, 102, 204), form))
    np.testing.assert_array_equal(result.pixels[cut.matte == 1], cut.foreground[cut.matte == 1])
    scale = 257 if bits == 16 else 1
    assert (result.pixels[cut.matte == 0] == np.array([51, 102, 204]) * scale).all()
    assert result.alpha is None


@given(st.integers(0, 65535), st.integers(0, 255), st.floats(0, 1, width=32))
def test_soft_edges_mix_in_the_pictures_depth(value: int, behind: int, alpha: float) -> None:
    cut = cut_out(16, matte=np.full((2, 2), alpha, np.float32))
    cut = replace(cut, foreground=np.full((2, 2, 3), value, np.uint16))
    result = read(encode_composite(cut, Colour(behind, behind, behind), "png"))
    expected = value * float(np.float32(alpha)) + behind * 257 * (1 - float(np.float32(alpha)))
    assert np.abs(result.pixels - expected).max() <= 0.51


def test_a_jpeg_composite_has_8_bits_profile_and_exif() -> None:
    scene = making.scene()
    cut = replace(cut_out(8, profile(), EXIF, np.ones((48, 64), np.float32)), foreground=scene.astype(np.uint16) * 257)
    result = read(encode_composite(cut, Colour(0, 0, 0), "jpeg"))
    assert np.abs(result.pixels.astype(int) - scene).max() <= 4
    assert (result.source.format, result.icc, result.exif) == ("JPEG", profile(), EXIF)


def test_exif_too_long_for_jpeg_is_left_out_there() -> None:
    long = b"MM\0*\0\0\0\x08\0\1\x01\x0f\0\2\0\1\0\0\0\0\0\x1a\0\0\0\0" + b"x" * 65536
    cut = cut_out(8, exif=long)
    assert read(encode_composite(cut, Colour(0, 0, 0), "png")).exif == long
    assert read(encode_composite(cut, Colour(0, 0, 0), "jpeg")).exif is None


@pytest.mark.parametrize("want", WANTS)
@pytest.mark.parametrize("form", FORMATS)
def test_the_format_written_is_the_one_that_names_tell(want: str, form: str) -> None:
    data = encode(cut_out(), want, form)
    written = written_format(want, form)
    assert read(data).source.format == {"png": "PNG", "webp": "WEBP", "tiff": "TIFF", "jpeg": "JPEG"}[written]
    assert suffix(written) == {"png": ".png", "webp": ".webp", "tiff": ".tiff", "jpeg": ".jpg"}[written]


@pytest.mark.parametrize(("form", "want", "side"), [("webp", "cutout", 16_384), ("jpeg", "composite", 65_536)])
def test_a_size_that_a_format_cannot_hold_is_a_sentence(form: str, want: str, side: int) -> None:
    cut = cut_out(matte=np.zeros((2, side), np.float32))
    with pytest.raises(OutputError, match=rf"{side} x 2 pixels does not fit into {form}\. Choose png"):
        encode(cut, want, form)
    assert read(encode(cut, want, "png")).size == (side, 2)


def test_even_a_line_too_long_for_png_is_a_sentence() -> None:
    cut = cut_out(matte=np.zeros((1, 1_000_001), np.float32))
    for want in WANTS:
        with pytest.raises(OutputError, match=r"does not fit into png\. Choose tiff"):
            encode(cut, want, "png")
    assert read(encode(cut, "matte", "tiff")).size == (1_000_001, 1)


@pytest.mark.parametrize("form", ["png", "webp", "tiff"])
def test_one_pixel(form: str) -> None:
    cut = cut_out(matte=np.ones((1, 1), np.float32))
    np.testing.assert_array_equal(read(encode_cutout(cut, form)).pixels, cut.foreground)


def test_a_row_more_than_is_blended_at_once() -> None:
    cut = cut_out(matte=making.soft_matte(257, 3))
    result = read(encode_composite(cut, Colour(0, 0, 0), "png")).pixels
    np.testing.assert_array_equal(result, np.rint(cut.foreground * cut.matte[..., None]))


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([8, 16]),
    st.sampled_from(["png", "tiff"]),
    st.integers(0, 99),
)
def test_any_size_comes_back(width: int, height: int, bits: int, form: str, seed: int) -> None:
    cut = cut_out(bits, matte=making.soft_matte(height, width, seed))
    result = read(encode_cutout(cut, form))
    np.testing.assert_array_equal(result.pixels, cut.foreground)
