"""What is refused, before it costs anything, and in which words."""

from __future__ import annotations

import resource
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from engine.errors import NotAPictureError, PictureError, TooLargeError
from engine.pictures import decode
from engine.pictures.png_chunks import SIGNATURE, chunk
from engine.pictures.tiff_directory import Entry, Layout, packed_directory
from engine.settings import Limits
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, saved, scene

NAME = "照片 1.jpg"


def refused(data: bytes, limits: Limits | None = None) -> PictureError:
    before = time.perf_counter()
    with pytest.raises(PictureError) as caught:
        decode(data, limits or Limits(), NAME)
    assert time.perf_counter() - before < 2
    sentence = str(caught.value)
    assert sentence.startswith(NAME)
    assert sentence.endswith(".")
    assert "Error" not in sentence
    return caught.value


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
    start = FILES["jpeg"].index(b"\xff\xc0") + 5
    return FILES["jpeg"][:start] + struct.pack(">HH", height, width) + FILES["jpeg"][start + 4 :]


def avif_header(width: int, height: int) -> bytes:
    return FILES["avif"].replace(struct.pack(">II", 64, 48), struct.pack(">II", width, height))


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


def test_memory_that_runs_out_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", full)
    assert "not enough memory" in str(refused(FILES["jpeg"]))


def test_several_threads_at_once_leave_pillow_as_it_was() -> None:
    from concurrent.futures import ThreadPoolExecutor

    before = Image.MAX_IMAGE_PIXELS
    with ThreadPoolExecutor(4) as pool:
        sizes = list(pool.map(lambda data: decode(data, Limits()).size.area, list(FILES.values()) * 5))
    assert min(sizes) > 0
    assert before == Image.MAX_IMAGE_PIXELS
