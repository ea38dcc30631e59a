"""Where pictures are cut: the margin round a person, the borders, growth where a body goes on; tiles."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.crops import MARGIN, box_in_crop, crop_around, grown, size_of, tiles, window
from engine.types import Box, Crop, Matte, Size

FRAME = Size(1000, 800)


class TestCropAround:
    def test_the_margin_is_a_fifth_of_the_longer_side_all_round(self) -> None:
        assert MARGIN == 0.20
        assert crop_around(Box(300, 200, 400, 400), FRAME) == Crop(260, 160, 441, 441)

    @pytest.mark.parametrize(
        ("box", "crop"),
        [
            (Box(0, 200, 100, 400), Crop(0, 160, 141, 441)),
            (Box(900, 200, 1000, 400), Crop(860, 160, 1000, 441)),
            (Box(300, 10, 400, 210), Crop(260, 0, 441, 251)),
            (Box(300, 590, 400, 790), Crop(260, 550, 441, 800)),
            (Box(0, 0, 1000, 800), Crop(0, 0, 1000, 800)),
        ],
        ids=["left", "right", "top", "bottom", "all"],
    )
    def test_it_ends_at_the_frame(self, box: Box, crop: Crop) -> None:
        assert crop_around(box, FRAME) == crop

    @pytest.mark.parametrize("box", [Box(0, 0, 0, 0), Box(1000, 800, 1000, 800), Box(5, 5, 5, 5)])
    def test_an_empty_box_gives_at_least_a_pixel(self, box: Box) -> None:
        assert crop_around(box, FRAME).size.area >= 1


class TestBoxInCrop:
    def test_it_moves_and_scales_with_the_crop(self) -> None:
        crop = Crop(100, 200, 300, 300)
        assert box_in_crop(Box(150, 210, 250, 260), crop, Size(400, 50)) == Box(100, 5, 300, 30)

    def test_what_lies_outside_is_cut_off(self) -> None:
        crop = Crop(100, 100, 200, 200)
        assert box_in_crop(Box(0, 150, 150, 900), crop, Size(100, 100)) == Box(0, 50, 50, 100)
        assert box_in_crop(Box(300, 300, 400, 400), crop, Size(100, 100)).area == 0


class TestWindow:
    def test_a_pixel_that_is_touched_belongs_to_it(self) -> None:
        assert window(Box(1.9, 2.0, 3.1, 5.0)) == (slice(2, 5), slice(1, 4))

    def test_it_has_a_pixel_at_least(self) -> None:
        assert window(Box(4, 7, 4, 7)) == (slice(7, 8), slice(4, 5))


def matte_of_a_body(*sides: str, part: float = 1.0) -> Matte:
    """100 x 100: a body in the middle that runs out over these sides, filling this part of each."""
    matte = np.zeros((100, 100), np.float32)
    matte[40:60, 40:60] = 1
    cut = round(part * 100)
    for side in sides:
        match side:
            case "left":
                matte[:cut, :2] = 1
            case "right":
                matte[:cut, -2:] = 1
            case "top":
                matte[:2, :cut] = 1
            case "bottom":
                matte[-2:, :cut] = 1
    return matte


class TestGrown:
    crop = Crop(300, 200, 500, 300)  # its longer side has 200 pixels: it grows by 80

    def test_a_body_that_lies_inside_leaves_it_as_it_is(self) -> None:
        assert grown(self.crop, matte_of_a_body(), FRAME, []) == self.crop

    @pytest.mark.parametrize(
        ("side", "larger"),
        [
            ("left", Crop(220, 200, 500, 300)),
            ("right", Crop(300, 200, 580, 300)),
            ("top", Crop(300, 120, 500, 300)),
            ("bottom", Crop(300, 200, 500, 380)),
        ],
    )
    def test_it_grows_where_a_body_is_cut_and_nowhere_else(self, side: str, larger: Crop) -> None:
        assert grown(self.crop, matte_of_a_body(side, part=0.3), FRAME, []) == larger

    def test_it_grows_on_several_sides_at_once(self) -> None:
        matte = matte_of_a_body("left", "bottom", part=0.3)
        assert grown(self.crop, matte, FRAME, []) == Crop(220, 200, 500, 380)

    def test_never_beyond_the_frame(self) -> None:
        everywhere = np.ones((50, 50), np.float32)
        assert grown(Crop(50, 30, 950, 790), everywhere, FRAME, []) == Crop(0, 0, 1000, 800)

    def test_not_at_the_frames_own_borders(self) -> None:
        everywhere = np.ones((50, 50), np.float32)
        assert grown(Crop(0, 0, 1000, 800), everywhere, FRAME, []) == Crop(0, 0, 1000, 800)

    @pytest.mark.parametrize(("part", "cut"), [(0.04, False), (0.05, True)])
    def test_a_strand_that_fills_4_per_cent_of_a_side_is_no_cut_body(self, part: float, cut: bool) -> None:
        assert (grown(self.crop, matte_of_a_body("right", part=part), FRAME, []) != self.crop) == cut

    def test_what_is_half_transparent_is_no_body(self) -> None:
        assert grown(self.crop, np.full((50, 50), 0.5, np.float32), FRAME, []) == self.crop

    def test_somebody_else_at_the_border_has_a_crop_of_his_own(self) -> None:
        matte = matte_of_a_body("right", part=0.5)  # rows 200 to 250 of the picture
        beside = Box(495, 195, 700, 255)
        assert grown(self.crop, matte, FRAME, []) != self.crop
        assert grown(self.crop, matte, FRAME, [beside]) == self.crop

    def test_their_boxes_count_a_tenth_larger_since_hair_stands_out_of_them(self) -> None:
        matte = matte_of_a_body("right", part=0.5)
        just_past_the_border = Box(501, 205, 601, 245)
        assert grown(self.crop, matte, FRAME, [just_past_the_border]) == self.crop

    def test_somebody_elsewhere_does_not_matter(self) -> None:
        matte = matte_of_a_body("right", part=0.5)
        assert grown(self.crop, matte, FRAME, [Box(0, 0, 100, 100)]) == Crop(300, 200, 580, 300)


@st.composite
def crops(draw: Callable[[st.SearchStrategy[int]], int]) -> tuple[Crop, Size]:
    frame = Size(draw(st.integers(1, 3000)), draw(st.integers(1, 3000)))
    left, top = draw(st.integers(0, frame.width - 1)), draw(st.integers(0, frame.height - 1))
    right, bottom = draw(st.integers(left + 1, frame.width)), draw(st.integers(top + 1, frame.height))
    return Crop(left, top, right, bottom), frame


@given(crops(), st.lists(st.sampled_from(["left", "right", "top", "bottom"])))
def test_a_grown_crop_holds_the_old_one_and_lies_inside_the_frame(cut: tuple[Crop, Size], sides: list[str]) -> None:
    crop, frame = cut
    larger = grown(crop, matte_of_a_body(*sides), frame, [])
    assert 0 <= larger.left <= crop.left < crop.right <= larger.right <= frame.width
    assert 0 <= larger.top <= crop.top < crop.bottom <= larger.bottom <= frame.height
    assert [type(edge) for edge in larger] == [int] * 4


@given(crops(), st.integers(1, 500), st.integers(1, 500))
def test_a_crops_box_is_the_whole_of_its_matte(cut: tuple[Crop, Size], width: int, height: int) -> None:
    crop, _ = cut
    assert box_in_crop(Box(*map(float, crop)), crop, Size(width, height)) == pytest.approx((0, 0, width, height))


def test_size_of_an_array_is_width_then_height() -> None:
    assert size_of(np.zeros((3, 5))) == size_of(np.zeros((3, 5, 4))) == Size(5, 3)


class TestTiles:
    @given(
        st.builds(Size, st.integers(1, 3000), st.integers(1, 3000)),
        st.integers(64, 512),
        st.sampled_from([0.2, 0.35, 0.5]),
    )
    def test_every_pixel_is_seen_and_neighbours_share_enough(self, frame: Size, side: int, overlap: float) -> None:
        found = list(tiles(frame, side, overlap))
        for length, spans in (
            (frame.width, sorted({(each.left, each.right) for each in found})),
            (frame.height, sorted({(each.top, each.bottom) for each in found})),
        ):
            assert spans[0][0] == 0
            assert spans[-1][1] == length
            assert all(last - first == min(side, length) for first, last in spans)
            assert all(before[1] - after[0] >= overlap * side - 1 for before, after in pairwise(spans))
        across, down = len({each.left for each in found}), len({each.top for each in found})
        assert len(found) == len(set(found)) == across * down

    def test_a_frame_that_fits_into_one_is_one(self) -> None:
        assert [tuple(each) for each in tiles(Size(300, 200), 512, 0.35)] == [(0, 0, 300, 200)]

    def test_there_are_no_more_than_needed(self) -> None:
        assert len(list(tiles(Size(1024, 512), 512, 0.35))) == 3
        assert len(list(tiles(Size(844, 512), 512, 0.35))) == 2
