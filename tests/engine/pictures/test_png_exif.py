"""Where a PNG's EXIF is found."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from engine.pictures.decode import decode
from engine.pictures.png_chunks import chunk
from engine.pictures.png_exif import exif_of
from engine.settings import Limits
from tests.engine.pictures import making
from tests.engine.pictures.making import colours

BLOCK = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"  # orientation 6: to be turned to the right
EXIF, APP1, XMP = b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type xmp"


def profile(block: bytes) -> bytes:
    """A block as ImageMagick writes it: a name, a length, and lines of hexadecimal digits."""
    digits = block.hex().encode()
    lines = b"\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return b"\ngeneric profile\n%8d\n" % len(block) + lines + b"\n"


def text(kind: bytes, keyword: bytes, value: bytes) -> tuple[bytes, bytes]:
    if kind == b"zTXt":
        return kind, keyword + b"\0\0" + zlib.compress(value)
    if kind == b"iTXt":
        return kind, keyword + b"\0\1\0en\0Belichtung\0" + zlib.compress(value)
    return kind, keyword + b"\0" + value


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("keyword", [EXIF, APP1])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_it_is_found_behind_other_texts_of_its_kind(kind: bytes, keyword: bytes, prefix: bytes) -> None:
    before = [text(kind, XMP, profile(b"<x:xmpmeta/>")), text(kind, b"Comment", b"a holiday")]
    assert exif_of([*before, text(kind, keyword, profile(prefix + BLOCK))]) == BLOCK


@pytest.mark.parametrize("bits", [8, 16])
def test_a_picture_is_turned_by_it(bits: int) -> None:
    texts = [text(b"zTXt", XMP, profile(b"<x:xmpmeta/>")), text(b"zTXt", EXIF, profile(b"Exif\0\0" + BLOCK))]
    picture = decode(making.png(colours(bits), 2, *(chunk(kind, body) for kind, body in texts)), Limits())
    np.testing.assert_array_equal(picture.pixels, np.rot90(colours(bits), -1))


def test_a_text_without_compression_in_itxt() -> None:
    assert exif_of([(b"iTXt", EXIF + b"\0\0\0\0\0" + profile(BLOCK))]) == BLOCK


def test_the_chunk_of_the_specification_goes_first() -> None:
    other = BLOCK.replace(b"\0\6", b"\0\3")
    assert exif_of([text(b"zTXt", EXIF, profile(other)), (b"eXIf", BLOCK)]) == BLOCK


def test_app1_that_holds_xmp_is_passed_over() -> None:
    xmp = text(b"zTXt", APP1, profile(b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"))
    assert exif_of([xmp, text(b"zTXt", APP1, profile(BLOCK))]) == BLOCK


@pytest.mark.parametrize(
    "chunk_",
    [
        (b"zTXt", EXIF + b"\0\0no Deflate"),
        (b"zTXt", EXIF),
        (b"iTXt", EXIF + b"\0\1\0"),
        (b"tEXt", EXIF + b"\0\nexif\n9\nno digits"),
        (b"tEXt", EXIF + b"\0\nexif\n9\n\xff\xfe"),
        (b"tEXt", b"Comment\0" + profile(BLOCK)),
    ],
)
def test_what_cannot_be_read_counts_for_nothing(chunk_: tuple[bytes, bytes]) -> None:
    assert exif_of([chunk_]) == b""


def test_texts_that_unpack_to_gigabytes_are_not_all_unpacked() -> None:
    bomb = text(b"zTXt", EXIF, bytes(50_000_000))
    assert exif_of([bomb] * 1000) == b""
