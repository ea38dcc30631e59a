"""Profiles are kept where the pixels stay in their space; every other space is brought to sRGB, and said."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.pictures import colour
from engine.pictures.decode import decode
from engine.pictures.png_chunks import chunk
from engine.settings import Limits
from engine.types import Picture
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, profile, saved, scene


def read(data: bytes) -> Picture:
    return decode(data, Limits(), "photo")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF"])
def test_an_rgb_profile_is_kept_byte_by_byte(kind: str) -> None:
    picture = read(saved(scene(), kind, icc_profile=profile()))
    if kind != "GIF":  # which Pillow writes without one
        assert picture.icc == profile()
    assert picture.notes == ()


def test_heif_keeps_its_profile() -> None:
    assert read(making.heif(scene(), icc_profile=profile(), icc_profile_type="prof")).icc == profile()


def test_a_palettes_profile_is_kept() -> None:
    file = io.BytesIO()
    Image.fromarray(scene()).quantize(16).save(file, "PNG", icc_profile=profile())
    assert read(file.getvalue()).icc == profile()


def test_a_profile_larger_than_pillow_unpacks_is_kept() -> None:
    large = profile() + bytes(3_000_000)
    large = len(large).to_bytes(4, "big") + large[4:]
    packed = zlib.compress(large)
    assert read(making.png(scene(), 2, chunk(b"iCCP", b"x\0\0" + packed))).icc == large


@pytest.mark.parametrize(
    ("icc", "why"),
    [(b"nonsense", "is damaged"), (profile()[:100], "is damaged"), (profile(b"GRAY"), "is for GRAY pixels")],
)
def test_a_profile_that_cannot_be_of_these_pixels_is_left_out_and_said(icc: bytes, why: str) -> None:
    picture = read(saved(scene(), "JPEG", icc_profile=icc))
    assert picture.icc is None
    assert picture.notes == (f"The colour profile {why} and was left out: sRGB is assumed",)


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_keeps_its_values_under_an_rgb_profile_with_the_same_curve(bits: int) -> None:
    grey = colours(bits)[..., :1]
    packed = zlib.compress(profile(b"GRAY", gamma=2.2))
    picture = read(making.png(grey, 0, chunk(b"iCCP", b"x\0\0" + packed)))
    np.testing.assert_array_equal(picture.pixels, np.repeat(grey, 3, axis=2))
    assert picture.icc is not None
    assert colour.space_of(picture.icc) == "RGB"
    assert "rewritten for RGB" in picture.notes[0]

    ramp = np.arange(256, dtype=np.uint8)[None]
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile(b"GRAY", gamma=2.2)))
    srgb = ImageCms.createProfile("sRGB")
    expected = ImageCms.profileToProfile(Image.fromarray(ramp), opened, srgb, outputMode="RGB")
    result = colour.to_profile(np.repeat(ramp[..., None], 3, axis=2), picture.icc, None)
    assert np.abs(result.astype(int) - np.asarray(expected)).max() <= 1


def test_grey_with_a_profile_of_no_use_says_so() -> None:
    no_curve = profile(b"GRAY").replace(b"kTRC", b"xxxx")
    packed = zlib.compress(no_curve)
    picture = read(making.png(colours()[..., :1], 0, chunk(b"iCCP", b"x\0\0" + packed)))
    assert picture.icc is None
    assert "does not fit grey" in picture.notes[0]


class TestCmyk:
    INKS = np.zeros((16, 16, 4), np.uint8)
    INKS[:8, :8, 0] = 255  # cyan, paper, black, yellow
    INKS[8:, :8, 3] = 255
    INKS[8:, 8:, 2] = 255
    SEEN = (((4, 4), (0, 255, 255)), ((4, 12), (255, 255, 255)), ((12, 4), (0, 0, 0)), ((12, 12), (255, 255, 0)))

    def file(self, kind: str, **options: Any) -> bytes:
        image = Image.frombytes("CMYK", (16, 16), self.INKS.tobytes())
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    @pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 100}), ("TIFF", {})])
    def test_without_a_profile_the_plain_formula_and_a_note(self, kind: str, options: dict[str, Any]) -> None:
        picture = read(self.file(kind, **options))
        for (y, x), expected in self.SEEN:
            assert np.abs(picture.pixels[y, x].astype(int) - expected).max() <= 6
        assert picture.icc is None
        assert picture.source.mode == "CMYK"
        assert "approximate" in picture.notes[0]

    @pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 100}), ("TIFF", {})])
    def test_with_its_profile(self, kind: str, options: dict[str, Any]) -> None:
        picture = read(self.file(kind, icc_profile=making.cmyk_profile(), **options))
        assert picture.notes == ("CMYK was converted to sRGB with the file's colour profile",)
        assert picture.icc is None
        for (y, x), light in (((4, 4), 0.75), ((4, 12), 1), ((12, 4), 0.75), ((12, 12), 0.75)):
            expected = round(_srgb_of_lightness(100 * light))  # what that profile calls cyan, yellow and black is grey
            assert np.abs(picture.pixels[y, x].astype(int) - expected).max() <= 6

    def test_an_rgb_profile_on_cmyk_is_not_used(self) -> None:
        picture = read(self.file("JPEG", icc_profile=profile()))
        assert picture.icc is None
        assert "without a usable colour profile" in picture.notes[0]


def _srgb_of_lightness(lightness: float) -> float:
    """The sRGB value of a grey with this L* of CIELAB."""
    linear: float = ((lightness + 16) / 116) ** 3
    return 255 * (1.055 * float(linear ** (1 / 2.4)) - 0.055)


def test_lab_is_converted() -> None:
    lab = Image.new("LAB", (8, 8), (128, 128, 128))  # Pillow counts a and b from 128: grey
    file = io.BytesIO()
    lab.save(file, "TIFF")
    picture = read(file.getvalue())
    assert picture.notes == ("Lab was converted to sRGB",)
    assert np.ptp(picture.pixels[0, 0].astype(int)) <= 2


def test_colours_named_by_numbers_are_noted_where_they_are_wide() -> None:
    p3 = chunk(b"cICP", bytes([12, 13, 0, 1]))
    assert "Display P3" in read(making.png(scene(), 2, p3)).notes[0]
    assert "BT.2020 PQ" in read(making.png(scene(), 2, chunk(b"cICP", bytes([9, 16, 0, 1])))).notes[0]
    assert read(making.png(scene(), 2, chunk(b"cICP", bytes([1, 13, 0, 1])))).notes == ()


def test_pixels_change_with_the_profile_and_come_back() -> None:
    swapped = profile(swap=True, gamma=2.2)
    there = colour.to_profile(scene(), None, swapped)
    assert np.abs(there[..., 0].astype(int) - scene()[..., 1]).max() < 30  # red and green have changed places
    back = colour.to_profile(there, swapped, None)
    assert np.abs(back.astype(int) - scene()).max() <= 3


def test_a_profile_that_goes_one_way_only_changes_nothing() -> None:
    one_way = profile().replace(b"rTRC", b"xxxx")
    np.testing.assert_array_equal(colour.to_profile(scene(), None, one_way), scene())
