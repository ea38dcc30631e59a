"""What is refused, before it costs anything, and in which words."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from engine.errors import NotAPictureError, TooLargeError
from engine.pictures.decode import decode
from engine.pictures.png_chunks import SIGNATURE, chunk
from engine.settings import Limits
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, saved, scene
from tests.engine.pictures.refusing import refused


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"x", "not a picture of a kind that is read: the kinds are JPEG, PNG"),
        (b"<html>not found</html>", "not a picture"),
        (b"%PDF-1.7 ...", "not a picture"),
        (b"8BPS\0\1 a Photoshop file", "not a picture"),
        (bytes(1000), "not a picture"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\xff\xd8\xff\xe0 nonsense \xff\xd9", "truncated"),
        (b"\xff\xd8\xff\xe0\0\2 nonsense \xff\xd9", "damaged"),
        (SIGNATURE, "truncated"),
        (b"GIF89a", "cannot be read"),
        (b"BM", "cannot be read"),
        (b"P6\n", "PNM header cannot be read"),
        (b"II*\0", "damaged"),
        (b"RIFF\xff\0\0\0WEBPVP8 ", "truncated"),
        (b"\0\0\0\x18ftypheic\0\0\0\0heic", "truncated"),
    ],
)
def test_what_is_no_picture(data: bytes, words: str) -> None:
    error = refused(data)
    assert isinstance(error, NotAPictureError)
    assert words in str(error)


FILES = {
    "jpeg": saved(scene(), "JPEG"),
    "progressive jpeg": saved(scene(), "JPEG", progressive=True),
    "cmyk jpeg": saved(scene(), "JPEG", mode="CMYK"),
    "png": saved(scene(), "PNG"),
    "png of 16 bits": making.png(colours(16), 2),
    "palette png": saved(scene(), "PNG", mode="P"),
    "webp": saved(scene(), "WEBP"),
    "lossless webp": saved(scene(), "WEBP", lossless=True),
    "gif": saved(scene(), "GIF"),
    "bmp": saved(scene(), "BMP"),
    "tiff": saved(scene(), "TIFF"),
    "lzw tiff": saved(scene(), "TIFF", compression="tiff_lzw"),
    "jpeg tiff": saved(scene(), "TIFF", compression="jpeg"),
    "tiff of 16 bits": making.tiff(colours(16), photometric="rgb", compression="zlib"),
    "tiled tiff": making.tiff(colours(), photometric="rgb", tile=(16, 16)),
    "avif": saved(scene(), "AVIF"),
    "heif": making.heif(scene()),
    "ppm": saved(scene(), "PPM"),
    "ppm of 16 bits": b"P6 36 24 65535\n" + colours(16).astype(">u2").tobytes(),
}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_off_is_refused_and_never_grey(name: str, share: float) -> None:
    data = FILES[name]
    refused(data[: int(len(data) * share)])


@pytest.mark.parametrize("name", FILES)
def test_half_a_file_is_called_truncated(name: str) -> None:
    assert "the picture is truncated: the end of the file is missing" in str(
        refused(FILES[name][: len(FILES[name]) // 2])
    )


def test_a_jpeg_that_was_given_its_length_before_its_bytes_is_refused() -> None:
    data = FILES["jpeg"]
    assert "truncated" in str(refused(data[:-200] + bytes(200)))


def test_a_png_whose_rows_end_early_is_refused() -> None:
    """The chunks and their checksums are whole, and Pillow leaves the other rows black."""
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in scene()[:30]))
    header = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    assert "truncated" in str(refused(SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")))


@pytest.mark.parametrize("interlaced", [False, True])
def test_a_png_with_a_bar_of_one_colour_below_is_read(interlaced: bool) -> None:
    pixels = colours()
    pixels[-5:] = 0
    data = making.interlaced_png(pixels) if interlaced else making.png(pixels, 2)
    np.testing.assert_array_equal(decode(data, Limits()).pixels, pixels)


class TestLimits:
    def test_megabytes(self) -> None:
        data = saved(colours(height=600, width=600), "BMP")
        error = refused(data, Limits(megabytes=1))
        assert isinstance(error, TooLargeError)
        assert "the file has 1.1 MB: the limit is 1. Raise limits.megabytes" in str(error)

    @pytest.mark.parametrize("name", FILES)
    def test_megapixels(self, name: str) -> None:
        error = refused(FILES[name], Limits(megapixels=0.0005))
        assert isinstance(error, TooLargeError)
        width, height = decode(FILES[name], Limits()).source.size
        assert f"the picture has {width} x {height} pixels: that is {width * height / 1e6:g} megapixels" in str(error)
        assert "and the limit is 0.0005. Raise limits.megapixels in the config if you trust the file." in str(error)

    @pytest.mark.parametrize("name", FILES)
    def test_just_within(self, name: str) -> None:
        assert decode(FILES[name], Limits(megapixels=64 * 48 / 1e6)).size.area > 0

    def test_a_limit_above_pillows_own_holds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        assert decode(FILES["tiff"], Limits()).size == (64, 48)
        assert Image.MAX_IMAGE_PIXELS == 100


def test_a_line_of_pixels_is_a_picture() -> None:
    line = colours(height=1, width=100_000)
    np.testing.assert_array_equal(decode(making.png(line, 2), Limits()).pixels, line)


def test_a_cameras_raw_file_is_not_taken_for_its_preview() -> None:
    preview = making.tiff(scene(), photometric="rgb", subfiletype=1)
    assert "raw file" in str(refused(preview))
    dng = making.tiff(scene(), photometric="rgb", extratags=[(50706, "B", 4, (1, 4, 0, 0), True)])
    assert "Develop or export it" in str(refused(dng))


def test_pillows_warnings_are_not_printed(recwarn: pytest.WarningsRecorder) -> None:
    decode(saved(colours(height=300, width=300), "PNG"), Limits(megapixels=0.1))
    assert not recwarn.list


@pytest.mark.parametrize("place", [0.3, 0.5, 0.7])
def test_opencvs_own_lines_about_damage_are_not_printed(place: float, capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(FILES["tiff of 16 bits"])
    data[int(len(data) * place)] ^= 255
    assert "damaged" in str(refused(bytes(data)))
    assert capfd.readouterr().err == ""


def test_several_threads_at_once_leave_pillow_as_it_was() -> None:
    from concurrent.futures import ThreadPoolExecutor

    before = Image.MAX_IMAGE_PIXELS
    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda data: decode(data, Limits()).size.area, list(FILES.values()) * 5))
    assert min(sizes) > 0
    assert before == Image.MAX_IMAGE_PIXELS
