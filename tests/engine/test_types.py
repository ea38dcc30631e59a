"""The records that flow between the stages: geometry in pixels, pictures in their own depth."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import Box, Crop, Options, Picture, Pixels, Size, Source

coordinates = st.floats(-2000, 2000)
boxes = st.builds(Box, coordinates, coordinates, coordinates, coordinates)
frames = st.builds(Size, st.integers(1, 1000), st.integers(1, 1000))


def picture(pixels: Pixels) -> Picture:
    height, width = pixels.shape[:2]
    return Picture(pixels, None, None, None, Source("PNG", "RGB", pixels.itemsize * 8, 1, Size(width, height)))


def test_size() -> None:
    assert Size(640, 480).area == 307_200


class TestBox:
    def test_measures(self) -> None:
        box = Box(10, 20, 40, 100)
        assert (box.width, box.height, box.area) == (30, 80, 2400)

    def test_turned_inside_out_it_is_empty(self) -> None:
        assert Box(40, 100, 10, 20).area == 0

    @pytest.mark.parametrize(
        ("other", "area"),
        [
            (Box(0, 0, 10, 10), 100),
            (Box(5, 5, 15, 15), 25),
            (Box(10, 0, 20, 10), 0),
            (Box(2, 3, 4, 5), 4),
            (Box(-50, -50, -40, -40), 0),
        ],
    )
    def test_shared_area(self, other: Box, area: float) -> None:
        assert Box(0, 0, 10, 10).shared_with(other) == area

    @given(boxes, boxes)
    def test_shared_area_is_mutual_and_never_above_either(self, one: Box, other: Box) -> None:
        shared = one.shared_with(other)
        assert shared == other.shared_with(one)
        assert 0 <= shared <= min(one.area, other.area)

    def test_grown(self) -> None:
        assert Box(10, 20, 30, 60).grown(0.25) == Box(5, 10, 35, 70)

    @given(boxes, frames)
    def test_within_lies_inside_the_frame_and_keeps_what_was_inside(self, box: Box, frame: Size) -> None:
        inside = box.within(frame)
        assert min(inside) >= 0
        assert max(inside.x0, inside.x1) <= frame.width
        assert max(inside.y0, inside.y1) <= frame.height
        assert inside.area == pytest.approx(box.shared_with(Box(0, 0, *frame)))

    def test_a_box_beside_the_frame_is_empty_within_it(self) -> None:
        assert Box(200, 10, 300, 50).within(Size(100, 100)).area == 0


def test_a_crop_cuts_what_its_size_says() -> None:
    crop = Crop(left=2, top=3, right=7, bottom=5)
    assert crop.size == Size(5, 2)
    cut = np.arange(60).reshape(6, 10)[crop.window]
    assert cut.shape == (2, 5)
    assert cut[0, 0] == 32


class TestPicture:
    def test_size_is_width_then_height(self) -> None:
        assert picture(np.zeros((3, 5, 3), np.uint8)).size == Size(5, 3)

    def test_eight_bits_reach_the_networks_as_they_are(self) -> None:
        pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
        assert np.shares_memory(picture(pixels).rgb8, pixels)

    def test_sixteen_bits_reach_the_networks_as_eight(self) -> None:
        values = np.array([0, 255, 256, 0x7FFF, 0x8000, 65535], np.uint16)
        rgb8 = picture(np.repeat(values, 3).reshape(2, 3, 3)).rgb8
        assert rgb8.dtype == np.uint8
        assert rgb8[..., 0].ravel().tolist() == [0, 0, 1, 0x7F, 0x80, 255]

    def test_it_is_frozen(self) -> None:
        with pytest.raises(FrozenInstanceError):
            picture(np.zeros((1, 1, 3), np.uint8)).icc = b""  # type: ignore[misc]  # the point of the test


def test_options_default_to_what_settings_default_to() -> None:
    assert Options() == Options(network="auto", people="auto", quality="balanced", edge="soft", threshold=None, at=())
