"""The chunks that this package adds, and the checks it makes."""

from __future__ import annotations

import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.errors import NotAPictureError
from engine.pictures.png_chunks import chunk, chunks_of, with_metadata
from tests.engine.pictures import making
from tests.engine.pictures.making import colours, profile

EXIF = b"MM\0*\0\0\0\x08\0\1\x01\x0f\0\2\0\0\0\4abc\0\0\0\0\0"


def test_profile_and_exif_lie_before_the_pixels_where_readers_look() -> None:
    plain = making.by_opencv(colours(), ".png")
    data = with_metadata(plain, profile(), EXIF)
    assert [kind for kind, _ in chunks_of(data, "photo")][:3] == [b"IHDR", b"iCCP", b"eXIf"]
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == profile()
        assert image.getexif()[0x010F] == "abc"
        np.testing.assert_array_equal(np.asarray(image), colours())


def test_libpng_accepts_them(capfd: pytest.CaptureFixture[str]) -> None:
    data = with_metadata(making.by_opencv(colours(), ".png"), profile(), EXIF)
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    np.testing.assert_array_equal(decoded[..., ::-1], colours())
    assert "libpng" not in capfd.readouterr().err


def test_nothing_to_add_changes_nothing() -> None:
    plain = making.by_opencv(colours(), ".png")
    assert with_metadata(plain, None, None) == plain


def test_a_chunk_has_its_checksum() -> None:
    assert chunk(b"IEND", b"") == b"\0\0\0\0IEND\xae\x42\x60\x82"


def test_a_wrong_checksum_is_told() -> None:
    data = bytearray(making.png(colours(), 2))
    data[-20] ^= 1
    with pytest.raises(NotAPictureError, match="a checksum inside is wrong"):
        list(chunks_of(bytes(data), "photo"))


def test_a_wrong_checksum_of_what_nobody_needs_is_not() -> None:
    comment = chunk(b"tEXt", b"Comment\0hello")[:-4] + bytes(4)
    assert len(list(chunks_of(making.png(colours(), 2, comment), "photo"))) == 4


@pytest.mark.parametrize("cut", [1, 4, 11, 12, 30])
def test_a_missing_end_is_told(cut: int) -> None:
    with pytest.raises(NotAPictureError, match="truncated"):
        list(chunks_of(making.png(colours(), 2)[:-cut], "photo"))


def test_a_profile_is_packed_as_the_specification_says() -> None:
    data = with_metadata(making.by_opencv(colours(), ".png"), profile(), None)
    body = bytes(dict(chunks_of(data, "photo"))[b"iCCP"])
    name, _, packed = body.partition(b"\0")
    assert 1 <= len(name) <= 79
    assert packed[0] == 0
    assert zlib.decompress(packed[1:]) == profile()
