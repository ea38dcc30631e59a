"""Whatever bytes there are: a picture or a PictureError, soon, and nothing else."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import PictureError
from engine.pictures.decode import decode
from engine.settings import Limits
from tests.engine.pictures.test_refusals import FILES

LIMITS = Limits(megapixels=4)
SECONDS = 2
STARTS = [
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x40\0\0\0WEBPVP8", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0", b"BM", b"P6 ", b"P5\n", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypmif1",
]  # fmt: skip


def survives(data: bytes) -> None:
    before = time.perf_counter()
    with contextlib.suppress(PictureError):
        picture = decode(data, LIMITS, "photo")
        assert picture.size.area <= 4e6
        assert picture.pixels.shape[2] == 3
        assert picture.alpha is None or picture.alpha.shape == picture.pixels.shape[:2]
    assert time.perf_counter() - before < SECONDS


@given(st.binary(max_size=400), st.sampled_from([b"", *STARTS]))
@settings(max_examples=300)
def test_noise(noise: bytes, start: bytes) -> None:
    survives(start + noise)


EXTREMES = [b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\0\0\xff\xff"]
Change = tuple[int, bytes, int]  # place, what is written there, how many bytes it replaces
changes = st.lists(
    st.tuples(
        st.integers(0, 20_000),
        st.one_of(st.binary(max_size=8), st.sampled_from(EXTREMES)),
        st.integers(0, 8),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("name", FILES)
@given(changes)
@settings(max_examples=40)
@example([(0, b"", 8)])
def test_damaged_files(name: str, made: list[Change]) -> None:
    data = bytearray(FILES[name])
    for place, written, replaced in made:
        at = place % max(1, min(len(data), 600) if place % 2 else len(data))  # half of them near the header
        data[at : at + replaced] = written
    survives(bytes(data))


@pytest.mark.parametrize("first", FILES)
@pytest.mark.parametrize("second", ["png", "tiff", "heif"])
def test_the_start_of_one_file_and_the_rest_of_another(first: str, second: str) -> None:
    survives(FILES[first][:200] + FILES[second][200:])
