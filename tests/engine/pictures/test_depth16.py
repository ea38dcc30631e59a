"""Pictures with more than 8 bits a channel keep them, value by value."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from engine.errors import NotAPictureError
from engine.pictures.decode import decode
from engine.pictures.png_chunks import chunk
from engine.settings import Limits
from engine.types import Picture
from tests.engine.pictures import making
from tests.engine.pictures.making import by_opencv, colours, png, tiff

RGB = colours(16)
ALPHA = colours(16, seed=1)[..., 0]
RGBA = np.dstack([RGB, ALPHA])
GREY = RGB[..., 0]


def read(data: bytes) -> Picture:
    return decode(data, Limits(), "photo")


def expect(result: Picture, pixels: making.Array, alpha: making.Array | None = None) -> None:
    assert result.pixels.dtype == np.uint16
    assert result.source.bits == 16
    np.testing.assert_array_equal(result.pixels, pixels)
    if alpha is None:
        assert result.alpha is None
    else:
        assert result.alpha is not None
        assert result.alpha.dtype == np.uint16
        np.testing.assert_array_equal(result.alpha, alpha)


def grey3(values: making.Array) -> making.Array:
    return np.dstack([values] * 3)


class TestPng:
    def test_rgb(self) -> None:
        expect(read(png(RGB, 2)), RGB)

    def test_rgb_with_alpha(self) -> None:
        expect(read(png(RGBA, 6)), RGB, ALPHA)

    def test_grey(self) -> None:
        expect(read(png(GREY[..., None], 0)), grey3(GREY))

    def test_grey_with_alpha(self) -> None:
        expect(read(png(np.dstack([GREY, ALPHA]), 4)), grey3(GREY), ALPHA)

    def test_a_transparent_colour(self) -> None:
        key = struct.pack(">HHH", *RGB[3, 4])
        expected = np.full(GREY.shape, 65535)
        expected[3, 4] = 0
        expect(read(png(RGB, 2, chunk(b"tRNS", key))), RGB, expected)

    def test_a_transparent_grey(self) -> None:
        key = struct.pack(">H", GREY[3, 4])
        expect(read(png(GREY[..., None], 0, chunk(b"tRNS", key))), grey3(GREY), np.where(GREY[3, 4] == GREY, 0, 65535))

    def test_further_frames_are_left_alone(self) -> None:
        animation = chunk(b"acTL", struct.pack(">II", 2, 0))
        result = read(png(RGB, 2, animation))
        expect(result, RGB)
        assert result.source.frames == 2

    def test_filters_of_another_writer(self) -> None:
        expect(read(by_opencv(RGBA, ".png")), RGB, ALPHA)

    def test_orientation_and_profile(self) -> None:
        exif = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 274, 3, 1, 6, 0) + bytes(4)
        packed = zlib.compress(making.profile())
        data = png(RGB, 2, chunk(b"iCCP", b"test\0\0" + packed), behind=chunk(b"eXIf", exif))
        result = read(data)
        expect(result, np.rot90(RGB, -1))
        assert result.icc == making.profile()


class TestTiff:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"compression": "zlib"},
            {"compression": "zlib", "predictor": True},
            {"tile": (16, 16)},
            {"tile": (16, 16), "compression": "zlib", "predictor": True},
            {"byteorder": ">"},
            {"byteorder": ">", "compression": "zlib", "predictor": True},
            {"bigtiff": True},
            {"rowsperstrip": 5},
        ],
    )
    @pytest.mark.parametrize("planes", ["contig", "separate"])
    def test_rgb(self, options: dict[str, Any], planes: str) -> None:
        pixels = RGB if planes == "contig" else np.moveaxis(RGB, 2, 0)
        expect(read(tiff(pixels, photometric="rgb", planarconfig=planes, **options)), RGB)

    @pytest.mark.parametrize("predictor", [1, 2])
    def test_lzw(self, predictor: int) -> None:
        expect(read(by_opencv(RGB, ".tif", 259, 5, 317, predictor)), RGB)
        expect(read(by_opencv(RGBA, ".tif", 259, 5, 317, predictor)), RGB, ALPHA)
        expect(read(by_opencv(GREY, ".tif", 259, 5, 317, predictor)), grey3(GREY))

    def test_grey(self) -> None:
        expect(read(tiff(GREY, photometric="minisblack")), grey3(GREY))

    def test_grey_where_white_is_zero(self) -> None:
        expect(read(tiff(GREY, photometric="miniswhite")), grey3(65535 - GREY))

    @pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": True}])
    def test_grey_with_alpha(self, options: dict[str, Any]) -> None:
        samples = np.dstack([GREY, ALPHA])
        data = tiff(samples, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"], **options)
        expect(read(data), grey3(GREY), ALPHA)

    def test_alpha(self) -> None:
        expect(read(tiff(RGBA, photometric="rgb", extrasamples=["unassalpha"])), RGB, ALPHA)

    def test_alpha_that_was_multiplied_in_is_divided_out(self) -> None:
        alpha = np.maximum(ALPHA, 20_000)
        multiplied = np.rint(RGB * (alpha[..., None] / 65535)).astype(np.uint16)
        result = read(tiff(np.dstack([multiplied, alpha]), photometric="rgb", extrasamples=["assocalpha"]))
        assert np.abs(result.pixels.astype(int) - RGB).max() <= 2  # what rounding at a third of the range leaves
        np.testing.assert_array_equal(result.alpha, alpha)

    def test_an_extra_sample_that_is_no_alpha_is_left_out(self) -> None:
        expect(read(tiff(RGBA, photometric="rgb", extrasamples=["unspecified"])), RGB)

    def test_cmyk_becomes_srgb_with_8_bits_and_says_so(self) -> None:
        ink = np.zeros((4, 4, 4), np.uint16)
        ink[:2, :, 0] = 65535  # cyan above, paper below
        result = read(tiff(ink, photometric="separated"))
        assert result.source.bits == 8
        np.testing.assert_array_equal(result.pixels[0, 0], [0, 255, 255])
        np.testing.assert_array_equal(result.pixels[3, 0], [255, 255, 255])
        assert "8 of its 16 bits" in result.notes[0]

    def test_lab_becomes_srgb(self) -> None:
        lab = np.zeros((4, 4, 3), np.uint16)
        lab[..., 0] = 32768  # L* = 50
        result = read(tiff(lab, photometric="cielab"))
        assert np.abs(result.pixels.astype(int) - 119).max() <= 1
        assert "Lab was converted" in result.notes[0]

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_orientation(self, orientation: int) -> None:
        turned = tiff(RGB, photometric="rgb", extratags=[(274, "H", 1, orientation, True)])
        eight = read(tiff((RGB >> 8).astype(np.uint8), photometric="rgb", extratags=[(274, "H", 1, orientation, True)]))
        np.testing.assert_array_equal(read(turned).pixels >> 8, eight.pixels)

    @pytest.mark.parametrize("kind", [np.float16, np.float32, np.int16, np.uint32])
    def test_other_numbers_are_refused_in_words(self, kind: type) -> None:
        with pytest.raises(NotAPictureError, match=r"photo: .* cannot be read.* Save it as RGB with 8 or 16 bits"):
            read(tiff((RGB >> 1).astype(kind), photometric="rgb"))


class TestPnm:
    @pytest.mark.parametrize("most", [256, 1023, 65535])
    def test_the_files_largest_value_is_white(self, most: int) -> None:
        stored = (RGB.astype(np.uint32) % (most + 1)).astype(np.uint16)
        stored[0, 0] = most
        header = f"P6 # a comment\n{RGB.shape[1]} {RGB.shape[0]}\n#another\n{most}\n".encode()
        result = read(header + stored.astype(">u2").tobytes())
        expect(result, np.rint(stored * (65535 / most)).astype(np.uint16))
        assert tuple(result.pixels[0, 0]) == (65535, 65535, 65535)

    @pytest.mark.parametrize("kind", [b"P5", b"P2"])
    def test_grey(self, kind: bytes) -> None:
        body = GREY.astype(">u2").tobytes() if kind == b"P5" else " ".join(str(each) for each in GREY.flat).encode()
        expect(read(kind + f" {GREY.shape[1]} {GREY.shape[0]} 65535\n".encode() + body), grey3(GREY))


class TestHeifAndAvif:
    def test_heif_with_10_bits(self) -> None:
        ten = np.broadcast_to(np.linspace(0, 1023, 64).astype(np.uint16), (64, 64))
        data = making.heif(np.dstack([ten << 6] * 3), "RGB;16")
        result = read(data)
        expected = np.rint(ten * (65535 / 1023))
        assert result.pixels.dtype == np.uint16
        assert np.abs(result.pixels[..., 0] - expected).max() <= 3 * 65535 / 1023
        assert result.pixels.max() >= 65535 - 3 * 64

    def test_avif_with_10_bits_and_alpha(self) -> None:
        ten = np.dstack([np.broadcast_to(np.linspace(0, 1023, 64).astype(np.uint16), (64, 64))] * 4)
        ten[..., 3] = 1023 - ten[..., 3]
        result = read(by_opencv(ten, ".avif", cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100))
        stretched = np.rint(ten * (65535 / 1023))
        expect(result, stretched[..., :3], stretched[..., 3])

    def test_avif_with_10_bits(self) -> None:
        ten = np.dstack([np.broadcast_to(np.linspace(0, 1023, 64).astype(np.uint16), (64, 64))] * 3)
        result = read(by_opencv(ten, ".avif", cv2.IMWRITE_AVIF_DEPTH, 10, cv2.IMWRITE_AVIF_QUALITY, 100))
        expect(result, np.rint(ten * (65535 / 1023)))
