"""What of EXIF goes along with a result, and what does not."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from engine.pictures.decode import decode
from engine.pictures.encode import encode
from engine.pictures.exif import DAMAGED, added_to_tiff, cleaned
from engine.settings import Limits
from engine.types import CutOut, Report
from tests.engine.pictures import making
from tests.engine.pictures.making import saved, scene

ARTIST = "李雷".encode()


def camera_exif() -> bytes:
    """What a camera writes, with an artist in UTF-8, which the standard does not foresee but every program writes."""
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x013B] = ARTIST
    exif[0x0112] = 6
    exif[0x0132] = "2024:05:06 07:08:09"
    exif[0x011A] = 72.0
    exif[0x02BC] = b"<x:xmpmeta tiff:Orientation='6'/>"
    exif[0x8769] = {
        0x829A: (1, 200),
        0x9003: "2024:05:06 07:08:09",
        0x9214: (10, 10, 5, 5),
        0x927C: b"maker's note" * 9,
        0xA002: 4000,
        0xA003: 3000,
        0xA434: "50 mm",
        0x9286: b"UNICODE\0" + "备注".encode("utf-16-le"),
    }
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 3.5), 3: "E", 4: (11.0, 0.0, 1.25)}
    return exif.tobytes().removeprefix(b"Exif\0\0")


def read(block: bytes | None) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block or b"")
    return exif


def test_camera_times_and_gps_are_kept() -> None:
    block, notes = cleaned(camera_exif())
    exif = read(block)
    assert notes == ()
    assert exif[0x010F] == "Maker"
    assert exif[0x0132] == "2024:05:06 07:08:09"
    assert exif.get_ifd(0x8769)[0xA434] == "50 mm"
    assert exif.get_ifd(0x8769)[0x829A] == read(camera_exif()).get_ifd(0x8769)[0x829A]
    assert exif.get_ifd(0x8825) == read(camera_exif()).get_ifd(0x8825)


def test_texts_are_kept_byte_by_byte() -> None:
    block, _ = cleaned(camera_exif())
    assert block is not None
    assert ARTIST in block
    assert "备注".encode("utf-16-le") in block


@pytest.mark.parametrize("tag", [0x0112, 0x02BC])
def test_orientation_and_embedded_xmp_are_left_out(tag: int) -> None:
    assert tag not in read(cleaned(camera_exif())[0])


@pytest.mark.parametrize("tag", [0x9214, 0x927C, 0xA002, 0xA003])
def test_what_describes_the_old_file_is_left_out(tag: int) -> None:
    assert tag not in read(cleaned(camera_exif())[0]).get_ifd(0x8769)


def with_thumbnail(block: bytes, thumbnail: bytes) -> bytes:
    """The block with a second directory that points at a thumbnail."""
    order = "<" if block[:2] == b"II" else ">"
    (first,) = struct.unpack_from(f"{order}I", block, 4)
    (count,) = struct.unpack_from(f"{order}H", block, first)
    following = first + 2 + 12 * count
    second = len(block)
    directory = struct.pack(f"{order}HHHIIHHIII", 2, 0x201, 4, 1, second + 30, 0x202, 4, 1, len(thumbnail), 0)
    return block[:following] + struct.pack(f"{order}I", second) + block[following + 4 :] + directory + thumbnail


def test_the_thumbnail_which_shows_the_old_background_is_left_out() -> None:
    thumbnail = saved(scene(), "JPEG")
    block = with_thumbnail(camera_exif(), thumbnail)
    assert read(block).get_ifd(ExifTags.IFD.IFD1)[0x202] == len(thumbnail)
    result, notes = cleaned(block)
    assert notes == ()
    assert result is not None
    assert b"\xff\xd8\xff" not in result
    assert not read(result).get_ifd(ExifTags.IFD.IFD1)


def test_nothing_but_an_orientation_leaves_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert cleaned(exif.tobytes()[6:]) == (None, ())
    assert cleaned(b"") == (None, ())


@pytest.mark.parametrize("block", [b"nonsense", b"II*\0", b"MM\0*\xff\xff\xff\xff", camera_exif()[:9]])
def test_a_block_that_cannot_be_read_is_left_out_and_said(block: bytes) -> None:
    assert cleaned(block) == (None, (DAMAGED,))


def test_what_can_be_read_of_a_damaged_block_is_kept() -> None:
    block = camera_exif()
    result, notes = cleaned(block[: len(block) - 40])  # GPS lies at the end
    assert notes == (DAMAGED,)
    assert read(result)[0x010F] == "Maker"


def test_entries_that_share_a_huge_value_do_not_multiply_it() -> None:
    texts = sorted({0x010D, 0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298})
    entries = b"".join(struct.pack("<HHII", tag, 2, 900_000, 8) for tag in texts)
    block = b"II*\0" + struct.pack("<I", 900_008) + bytes(900_000) + struct.pack("<H", len(texts)) + entries + bytes(4)
    result, notes = cleaned(block)
    assert notes == (DAMAGED,)
    assert len(result or b"") < 1_000_000


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        block, _ = cleaned(start + data)
        assert block is None or cleaned(block) == (block, ())


@given(st.data())
def test_damage_anywhere_is_survived(data: st.DataObject) -> None:
    block = bytearray(camera_exif())
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    result, _ = cleaned(bytes(block))
    assert result is None or cleaned(result) == (result, ())


def test_bad_exif_does_not_stop_a_picture() -> None:
    picture = decode(saved(scene(), "JPEG", exif=b"Exif\0\0" + camera_exif()[:100]), Limits())
    assert picture.size == (48, 64)  # the orientation could still be read
    assert picture.notes == (DAMAGED,)


@pytest.mark.parametrize("form", ["png", "webp", "tiff", "jpeg"])
@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_exif_goes_from_every_kind_to_every_kind(source: str, form: str) -> None:
    picture = decode(saved(scene(), source, exif=b"Exif\0\0" + camera_exif()), Limits())
    matte = np.ones(picture.pixels.shape[:2], np.float32)
    cut = CutOut(picture, matte, picture.pixels, Report(1, 1, (), "cpu", {}))
    written = Image.open(io.BytesIO(encode(cut, "composite", form)))
    assert written.size == picture.size
    exif = written.getexif()
    assert exif[0x010F] == "Maker"
    assert exif.get(0x0112, 1) == 1
    assert exif.get_ifd(0x8825)[2] == (48.0, 12.0, 3.5)
    assert exif.get_ifd(0x8769)[0xA434] == "50 mm"


def test_heif_gives_its_exif() -> None:
    picture = decode(making.heif(scene(), exif=b"Exif\0\0" + camera_exif()), Limits())
    assert read(picture.exif)[0x010F] == "Maker"
    assert read(picture.exif).get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_takes_the_blocks_byte_order(order: str, bits: int) -> None:
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    block = head + struct.pack(f"{order}IHHHI4sI", 8, 1, 0x010F, 2, 4, b"abc\0", 0)
    cut = making.cut_out(bits, exif=block)
    written = encode(cut, "cutout", "tiff")
    assert written[:2] == head[:2]
    picture = decode(written, Limits())
    np.testing.assert_array_equal(picture.pixels, cut.foreground)
    assert read(picture.exif)[0x010F] == "abc"


def test_adding_to_a_tiff_keeps_its_own_tags() -> None:
    block, _ = cleaned(camera_exif())
    assert block is not None
    plain = making.tiff(scene(), photometric="rgb", byteorder="<" if block[:2] == b"II" else ">")
    with Image.open(io.BytesIO(added_to_tiff(plain, block))) as image:
        np.testing.assert_array_equal(np.asarray(image), scene())
        assert image.getexif()[0x013B].encode("latin-1") == ARTIST
