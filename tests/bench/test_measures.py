"""The measures of mattes: worked out by hand in small pictures, and by their definitions, pixel by pixel, in any."""

from __future__ import annotations

from math import exp, isnan, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.types import Matte
from tests.bench.measures import (
    Measured,
    connectivity_errors,
    edge_band,
    gradient_errors,
    mean_of,
    measured,
)

SHAPE = (9, 7)
alphas = arrays(np.uint8, SHAPE, elements=st.sampled_from([0, 10, 60, 128, 153, 200, 255])).map(
    lambda grey: np.asarray(grey, np.float32) / np.float32(255)
)


def square(side: int, left: int, top: int, size: int = 60, alpha: float = 1) -> Matte:
    """Somebody, as a square, in a frame of size x size pixels."""
    matte = np.zeros((size, size), np.float32)
    matte[top : top + side, left : left + side] = alpha
    return matte


class TestBody:
    def test_a_shifted_square_has_the_iou_of_its_overlap(self) -> None:
        result = measured(square(20, 12, 10), square(20, 10, 10))
        assert result.iou == pytest.approx(18 / 22)
        assert result.success == 0

    def test_nine_tenths_are_a_success(self) -> None:
        truth = square(20, 10, 10)
        matte = truth.copy()
        matte[10:12] = 0
        assert measured(matte, truth).success == 1
        matte[12, 10] = 0
        assert measured(matte, truth).success == 0

    @pytest.mark.parametrize(("side", "success"), [(0, 1), (3, 1), (4, 0)])
    def test_where_nobody_is_a_thousandth_of_the_frame_is_forgiven(self, side: int, success: int) -> None:
        result = measured(square(side, 5, 5, size=100), np.zeros((100, 100), np.float32))
        assert (result.success, result.iou) == (success, success)

    def test_alpha_of_a_half_is_background(self) -> None:
        assert measured(square(20, 10, 10, alpha=0.5), square(20, 10, 10)).iou == 0


class TestOverall:
    def test_sad_and_mse_of_a_faint_body(self) -> None:
        result = measured(square(20, 10, 10, alpha=0.75), square(20, 10, 10))
        assert result.sad == pytest.approx(400 * 0.25 / 1000)
        assert result.mse == pytest.approx(400 * 0.25**2 / 60**2 * 1000)

    @given(alphas)
    def test_the_truth_itself_has_no_error(self, truth: Matte) -> None:
        result = measured(truth, truth)
        assert (result.success, result.iou) == (1, 1)
        assert all(error == 0 or isnan(error) for error in result[2:])

    @given(alphas, alphas)
    def test_in_the_mirror_everything_is_the_same(self, matte: Matte, truth: Matte) -> None:
        there, mirrored = measured(matte, truth), measured(matte[:, ::-1].copy(), truth[:, ::-1].copy())
        # which of two parts of one size is the largest, the mirror may decide otherwise
        same = [name for name in Measured._fields if "connectivity" not in name and not name.startswith("edge")]
        assert [getattr(there, each) for each in same] == pytest.approx([getattr(mirrored, each) for each in same])


class TestGradient:
    def test_a_sharp_edge_has_the_filter_s_own_answer_to_a_step(self) -> None:
        """Of the filter of 9 x 9 whose squares add up to 1, the half that lies on the body."""
        offsets = range(-4, 5)
        bell = [exp(-(each**2) / (2 * 1.4**2)) for each in offsets]
        slope = [-each * value for each, value in zip(offsets, bell, strict=True)]
        norm = sum(a * a for a in bell) ** 0.5 * sum(a * a for a in slope) ** 0.5
        step = np.zeros((30, 30), np.float32)
        step[:, 15:] = 1
        on_the_edge = gradient_errors(step, np.zeros_like(step))[15, 15]
        # the filter at column 15 covers columns 11 to 19: those from the fifth on are 1
        assert on_the_edge == pytest.approx((sum(bell) * sum(slope[4:]) / norm) ** 2)

    @given(alphas, alphas)
    def test_it_is_what_a_plain_convolution_says(self, matte: Matte, truth: Matte) -> None:
        expected = (_magnitudes(matte) - _magnitudes(truth)) ** 2
        assert gradient_errors(matte, truth) == pytest.approx(expected, abs=1e-9)

    def test_shapes_that_only_differ_in_brightness_differ(self) -> None:
        assert measured(square(20, 10, 10, alpha=0.5), square(20, 10, 10)).gradient > 0


class TestConnectivity:
    def test_an_island_that_the_truth_lacks_costs_its_alpha(self) -> None:
        truth = square(20, 10, 10)
        matte = truth + square(5, 40, 40, alpha=0.6)
        errors = connectivity_errors(matte, truth)
        assert errors[40:45, 40:45] == pytest.approx(0.6, abs=1e-6)
        assert errors.sum() == pytest.approx(25 * 0.6, abs=1e-4)

    def test_faint_islands_are_forgiven(self) -> None:
        truth = square(20, 10, 10)
        assert connectivity_errors(truth + square(5, 40, 40, alpha=0.14), truth).sum() == 0

    def test_a_hand_that_is_cut_off_costs_what_is_missing(self) -> None:
        """An arm of 20 x 2 pixels is gone between 5 and 10: there it is missing, beyond it is an island in both."""
        truth = square(20, 10, 10)
        truth[20:22, 30:50] = 1
        matte = truth.copy()
        matte[20:22, 35:40] = 0
        errors = connectivity_errors(matte, truth)
        assert errors[20:22, 35:40] == pytest.approx(1)
        assert errors.sum() == pytest.approx(10)

    def test_a_second_person_is_no_error_where_both_have_it(self) -> None:
        both = square(20, 5, 5) + square(10, 40, 40)
        assert connectivity_errors(both, both).sum() == 0

    @given(alphas, alphas)
    def test_it_is_what_the_definition_says(self, matte: Matte, truth: Matte) -> None:
        """The highest level at which a pixel is in the largest common part, one after the other."""
        level_of = np.zeros(SHAPE)
        member = np.ones(SHAPE, np.bool_)
        for level in np.arange(1, 11) / 10:
            member &= _largest((matte >= level) & (truth >= level))
            level_of[member] = level
        expected = np.zeros(SHAPE)
        for place in np.ndindex(SHAPE):
            above = (float(alpha[place]) - float(level_of[place]) for alpha in (matte, truth))
            one, other = (each if each >= 0.15 else 0.0 for each in above)
            expected[place] = abs(one - other)
        assert connectivity_errors(matte, truth) == pytest.approx(expected, abs=1e-9)


class TestBand:
    @pytest.mark.parametrize(("side", "reach"), [(20, 2), (200, 4), (500, 10)])
    def test_it_is_as_wide_as_the_body_is_large(self, side: int, reach: int) -> None:
        row = edge_band(square(side, 50, 50, size=side + 100))[50 + side // 2]
        # the outline is a pixel on either side of the edge
        assert np.flatnonzero(row[: 50 + side // 2]).tolist() == list(range(49 - reach, 50 + reach + 1))

    def test_soft_pixels_are_in_it_however_wide_they_are(self) -> None:
        truth = square(20, 10, 10)
        truth[10:30, 30:55] = 0.4
        assert edge_band(truth)[20, 30:55].all()

    def test_of_nobody_there_is_none(self) -> None:
        nobody = np.zeros((20, 20), np.float32)
        assert not edge_band(nobody).any()
        assert all(isnan(each) for each in measured(nobody, nobody)[6:])

    def test_what_is_wrong_far_from_the_edge_is_not_in_it(self) -> None:
        truth = square(40, 10, 10)
        matte = truth.copy()
        matte[28:32, 28:32] = 0
        result = measured(matte, truth)
        assert result.sad == pytest.approx(16 / 1000)
        assert (result.edge_sad, result.edge_mse, result.edge_connectivity) == (0, 0, 0)


def test_a_mean_is_over_those_that_have_the_measure() -> None:
    nobody = Measured(1, 1, 0, 0, 0, 0, nan, nan, nan, nan)
    somebody = Measured(0, 0.5, 2, 4, 6, 8, 1, 2, 3, 4)
    assert mean_of([nobody, somebody]) == Measured(0.5, 0.75, 1, 2, 3, 4, 1, 2, 3, 4)
    assert isnan(mean_of([nobody]).edge_sad)


def _magnitudes(alpha: Matte) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Gradients by the paper's filter of 9 x 9, whose squares add up to 1, pixel by pixel; borders are repeated."""
    rows, columns = np.mgrid[-4:5, -4:5]
    across = -columns * np.exp(-(rows**2 + columns**2) / (2 * 1.4**2))
    across /= np.sqrt((across**2).sum())
    padded = np.pad(alpha.astype(np.float64), 4, mode="edge")
    magnitudes = np.zeros(alpha.shape)
    for row, column in np.ndindex(alpha.shape):
        part = padded[row : row + 9, column : column + 9]
        magnitudes[row, column] = np.hypot((part * across).sum(), (part * across.T).sum())
    return magnitudes


def _largest(mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """The largest part by flooding; of several that large, the one whose first pixel comes first."""
    best = np.zeros(mask.shape, np.bool_)
    left = mask.copy()
    while left.any():
        part = np.zeros(mask.shape, np.bool_)
        waiting = [tuple(int(each) for each in np.argwhere(left)[0])]
        while waiting:
            row, column = waiting.pop()
            if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1] and left[row, column]:
                left[row, column], part[row, column] = False, True
                waiting += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
        if part.sum() > best.sum():
            best = part
    return best
