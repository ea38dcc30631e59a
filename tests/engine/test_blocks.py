"""Full-size steps in blocks: they cover everything once, and each part is what the whole would have been."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.blocks import blocks, enlarged_part
from engine.types import Crop, Size


class TestBlocks:
    @given(st.integers(0, 900), st.integers(0, 900), st.integers(1, 900), st.integers(1, 900))
    def test_they_cover_the_area_once_and_none_is_large(self, left: int, top: int, width: int, height: int) -> None:
        area = Crop(left, top, left + width, top + height)
        covered = np.zeros((top + height, left + width), np.uint8)
        for block in blocks(area):
            assert 0 < block.size.width <= 256
            assert 0 < block.size.height <= 256
            covered[block.window] += 1
        assert (covered[area.window] == 1).all()
        assert covered.sum() == area.size.area

    def test_they_come_row_by_row(self) -> None:
        found = list(blocks(Crop(10, 20, 300, 300)))
        assert found == [
            Crop(10, 20, 266, 276),
            Crop(266, 20, 300, 276),
            Crop(10, 276, 266, 300),
            Crop(266, 276, 300, 300),
        ]


@st.composite
def enlargements(draw: Callable[[st.SearchStrategy[int]], int]) -> tuple[tuple[int, ...], Size, Crop]:
    """The shape of a small array, the size it is enlarged to, and a part of that."""
    height, width, channels = draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.integers(1, 4))
    size = Size(width * draw(st.integers(1, 7)) + draw(st.integers(0, 6)), height * draw(st.integers(1, 7)))
    left, top = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
    part = Crop(left, top, draw(st.integers(left + 1, size.width)), draw(st.integers(top + 1, size.height)))
    return (height, width, channels)[: 2 + (channels > 1)], size, part


@given(enlargements(), st.integers(0, 99))
def test_an_enlarged_part_is_that_part_of_the_whole_enlarged(
    enlargement: tuple[tuple[int, ...], Size, Crop], seed: int
) -> None:
    shape, size, part = enlargement
    small = np.random.default_rng(seed).random(shape, np.float32)
    whole = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    step = 1 / 32 if shape[2:] == (2,) else 1e-4  # of two channels OpenCV interpolates in steps of a 32nd of a pixel
    assert enlarged_part(small, size, part) == pytest.approx(whole[part.window], abs=step)


def test_at_its_own_size_it_is_bit_for_bit_the_same() -> None:
    small = np.random.default_rng(1).random((30, 20, 3), np.float32)
    part = Crop(3, 5, 17, 29)
    assert np.array_equal(enlarged_part(small, Size(20, 30), part), small[part.window])


def test_a_panorama_of_40000_pixels_is_enlarged_too() -> None:
    small = np.random.default_rng(2).random((4, 800), np.float32)
    part = Crop(39_800, 0, 40_000, 16)
    whole = cv2.resize(small, (40_000, 16), interpolation=cv2.INTER_LINEAR)
    assert enlarged_part(small, Size(40_000, 16), part) == pytest.approx(whole[part.window], abs=1e-3)
