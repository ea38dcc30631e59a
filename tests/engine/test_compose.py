"""Mattes of crops become one matte: what is dropped on the way, how crops end, and who wins where they overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.compose import binary, faded, paste_into, without_haze, without_strangers
from engine.crops import crop_around
from engine.types import Box, Crop, Matte, Size

FRAME = Size(1000, 800)

alphas = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.floats(0, 1, width=32, allow_subnormal=False),
)


class TestWithoutHaze:
    @pytest.mark.parametrize(
        ("alpha", "cleaned"), [(0, 0), (0.02, 0), (0.03, 0), (0.5, 0.5), (0.97, 1), (0.98, 1), (1, 1)]
    )
    def test_a_haze_goes_and_a_pinhole_is_filled(self, alpha: float, cleaned: float) -> None:
        assert without_haze(np.full((2, 2), alpha, np.float32)) == pytest.approx(cleaned, abs=1e-6)

    @given(alphas)
    def test_what_is_more_solid_stays_more_solid_and_little_changes(self, matte: Matte) -> None:
        cleaned = without_haze(matte)
        assert cleaned.min() >= 0
        assert cleaned.max() <= 1
        assert np.abs(cleaned - matte).max() <= 0.03 + 1e-6
        order = matte.ravel().argsort()
        assert (np.diff(cleaned.ravel()[order]) >= 0).all()


def disc(x: float, y: float, radius: float) -> Matte:
    """120 x 80: a solid disc whose rim fades out over 6 pixels."""
    rows, columns = np.mgrid[:80, :120]
    distance = np.hypot(columns - x, rows - y)
    return np.asarray(np.clip((radius + 6 - distance) / 6, 0, 1), np.float32)


class TestWithoutStrangers:
    own = disc(30, 40, 15)
    person = Box(14, 24, 47, 57)
    passer_by = disc(85, 40, 10)
    his_box = Box(74, 29, 97, 52)

    def test_a_piece_away_from_the_person_goes_with_its_soft_rim(self) -> None:
        matte = without_strangers(np.maximum(self.own, self.passer_by), self.person, [])
        assert np.array_equal(matte, self.own)

    def test_a_passer_by_goes_though_he_reaches_into_the_persons_box(self) -> None:
        wide = Box(14, 24, 80, 57)
        both = np.maximum(self.own, self.passer_by)
        assert np.array_equal(without_strangers(both, wide, []), both)
        assert np.array_equal(without_strangers(both, wide, [self.his_box]), self.own)

    def test_the_person_stays_though_half_of_him_stands_in_a_passer_bys_box(self) -> None:
        beside = Box(30, 20, 97, 60)
        assert np.array_equal(without_strangers(self.own, self.person, [beside]), self.own)

    def test_a_loose_piece_inside_the_box_is_the_persons(self) -> None:
        loose = disc(44, 28, 1)
        both = np.maximum(disc(28, 45, 8), loose)
        assert np.array_equal(without_strangers(both, self.person, []), both)

    def test_who_is_grown_together_with_a_passer_by_stays_whole(self) -> None:
        bridge = np.zeros_like(self.own)
        bridge[38:42, 30:85] = 1
        grown_together = np.maximum(np.maximum(self.own, self.passer_by), bridge)
        assert np.array_equal(without_strangers(grown_together, self.person, [self.his_box]), grown_together)

    def test_a_haze_round_the_person_is_no_piece_and_stays(self) -> None:
        hazy = np.maximum(self.own, np.float32(0.2))
        assert np.array_equal(without_strangers(hazy, self.person, []), hazy)

    def test_of_two_passers_by_each_is_judged_by_his_own_box(self) -> None:
        second, second_box = disc(60, 65, 3), Box(53, 58, 68, 73)
        everybody = np.maximum(np.maximum(self.own, self.passer_by), second)
        over_parts_of_both = Box(14, 24, 80, 63)
        for boxes, left in (
            ([self.his_box, second_box], self.own),
            ([self.his_box], np.maximum(self.own, second)),
            ([second_box], np.maximum(self.own, self.passer_by)),
        ):
            assert np.array_equal(without_strangers(everybody, over_parts_of_both, boxes), left)

    def test_a_box_outside_the_crop_changes_nothing(self) -> None:
        outside = Box(120, 80, 120, 80)
        assert np.array_equal(without_strangers(self.own, self.person, [outside]), self.own)

    def test_an_empty_matte_stays_empty(self) -> None:
        assert not without_strangers(np.zeros((80, 120), np.float32), self.person, [self.his_box]).any()


class TestFaded:
    solid = np.ones((100, 200), np.float32)  # fades are a twentieth of the longer side: 10 pixels wide

    @pytest.mark.parametrize(
        ("crop", "fading"),
        [
            (Crop(0, 0, 1000, 800), set()),
            (Crop(300, 0, 1000, 800), {"left"}),
            (Crop(0, 0, 700, 800), {"right"}),
            (Crop(0, 200, 1000, 800), {"top"}),
            (Crop(0, 0, 1000, 600), {"bottom"}),
            (Crop(300, 200, 700, 600), {"left", "right", "top", "bottom"}),
        ],
    )
    def test_it_runs_out_at_borders_that_are_not_the_frames(self, crop: Crop, fading: set[str]) -> None:
        matte = faded(self.solid, crop, FRAME)
        ends = {"left": matte[50, 0], "right": matte[50, -1], "top": matte[0, 100], "bottom": matte[-1, 100]}
        assert {side for side, alpha in ends.items() if alpha < 0.1} == fading
        assert {side for side, alpha in ends.items() if alpha == 1} == set(ends) - fading

    def test_it_is_as_it_was_beyond_the_fade(self) -> None:
        matte = faded(self.solid, Crop(300, 200, 700, 600), FRAME)
        assert (matte[10:-10, 10:-10] == 1).all()
        assert (matte[50, :10] < 1).all()
        assert (np.diff(matte[50, :11]) > 0).all()

    @given(st.floats(0, 900), st.floats(0, 700), st.floats(0.5, 1000), st.floats(0.5, 800))
    def test_the_fade_lies_in_the_crops_margin_and_never_on_the_persons_box(
        self, left: float, top: float, width: float, height: float
    ) -> None:
        box = Box(left, top, left + width, top + height).within(FRAME)
        crop = crop_around(box, FRAME)
        matte = faded(np.ones((crop.size.height, crop.size.width), np.float32), crop, FRAME)
        rows = slice(int(box.y0) - crop.top, int(np.ceil(box.y1)) - crop.top)
        columns = slice(int(box.x0) - crop.left, int(np.ceil(box.x1)) - crop.left)
        assert (matte[rows, columns] == 1).all()


class TestBinary:
    def test_over_the_threshold_is_1_and_the_rest_0(self) -> None:
        matte = np.array([[0, 0.2, 0.3, 0.31, 0.5, 0.51, 1]], np.float32)
        assert binary(matte, 0.5).tolist() == [[0, 0, 0, 0, 0, 1, 1]]
        assert binary(matte, 0.3).tolist() == [[0, 0, 0, 1, 1, 1, 1]]

    @given(alphas, st.sampled_from([0.3, 0.5]))
    def test_there_is_nothing_between(self, matte: Matte, threshold: float) -> None:
        hard = binary(matte, threshold)
        assert set(np.unique(hard)) <= {0.0, 1.0}
        assert hard.dtype == np.float32


def pasted(parts: list[tuple[Crop, Matte]], frame: Size) -> Matte:
    whole = np.zeros((frame.height, frame.width), np.float32)
    for crop, matte in parts:
        paste_into(whole, crop, matte)
    return whole


class TestPasteInto:
    def test_each_crop_lies_in_its_place_and_the_rest_is_0(self) -> None:
        whole = pasted([(Crop(2, 1, 5, 3), np.full((2, 3), 0.5, np.float32))], Size(8, 6))
        assert whole.shape == (6, 8)
        assert (whole[1:3, 2:5] == 0.5).all()
        assert whole.sum() == 3

    def test_the_largest_alpha_wins_where_crops_overlap_in_whatever_order(self) -> None:
        one = (Crop(0, 0, 4, 4), np.full((4, 4), 0.75, np.float32))
        other = (Crop(2, 2, 6, 6), np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4))
        whole = pasted([one, other], Size(6, 6))
        assert np.array_equal(whole, pasted([other, one], Size(6, 6)))
        assert (whole[:2, :2] == 0.75).all()
        assert np.array_equal(whole[2:4, 2:4], np.maximum(0.75, other[1][:2, :2]))
        assert np.array_equal(whole[4:, 4:], other[1][2:, 2:])

    def test_the_crops_mattes_stay_as_they_are(self) -> None:
        first, second = np.full((3, 3), 0.2, np.float32), np.ones((3, 3), np.float32)
        pasted([(Crop(0, 0, 3, 3), first), (Crop(0, 0, 3, 3), second)], Size(3, 3))
        assert (first == np.float32(0.2)).all()
