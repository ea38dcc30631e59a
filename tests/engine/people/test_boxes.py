"""Boxes with scores: what they share, which are doubles, and which are parts of bodies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.people.boxes import NOTHING, Rows, areas, shared_areas, without_doubles, without_parts
from engine.types import Box


def rows(*boxes: tuple[float, float, float, float, float]) -> Rows:
    return np.array(boxes, np.float32).reshape(-1, 5)


def box(row: Rows) -> Box:
    return Box(*map(float, row[:4]))


@st.composite
def finds(draw: st.DrawFn) -> Rows:
    """Up to a dozen boxes, no two of the same score, in any order."""
    scores = draw(st.lists(st.integers(1, 99), max_size=12, unique=True))
    return rows(
        *(
            (left, top, left + draw(st.integers(1, 30)), top + draw(st.integers(1, 30)), score / 100)
            for score in scores
            for left, top in [(draw(st.integers(0, 40)), draw(st.integers(0, 40)))]
        )
    )


@given(finds())
def test_areas_are_those_of_boxes(found: Rows) -> None:
    assert areas(found).tolist() == [box(row).area for row in found]
    for row in found:
        assert areas(row) == box(row).area
        assert shared_areas(row, found).tolist() == [box(row).shared_with(box(other)) for other in found]


def test_a_box_turned_inside_out_is_empty() -> None:
    assert areas(rows((10, 10, 5, 20, 1))).tolist() == [0]


class TestWithoutDoubles:
    def test_of_two_that_agree_the_better_stays(self) -> None:
        found = rows((0, 0, 10, 20, 0.4), (1, 0, 11, 20, 0.9), (50, 0, 60, 20, 0.5))
        assert np.array_equal(without_doubles(found, 0.5), found[[1, 2]])

    @pytest.mark.parametrize(("most_shared", "left"), [(0.3, 1), (1 / 3, 2), (0.5, 2)])
    def test_they_may_share_so_much_and_no_more(self, most_shared: float, left: int) -> None:
        a_third_is_shared = rows((0, 0, 10, 20, 0.9), (5, 0, 15, 20, 0.8))
        assert len(without_doubles(a_third_is_shared, most_shared)) == left

    def test_what_only_a_dropped_one_overlapped_stays(self) -> None:
        chain = rows((0, 0, 30, 10, 0.9), (8, 0, 38, 10, 0.8), (16, 0, 46, 10, 0.7))
        assert np.array_equal(without_doubles(chain, 0.5), chain[[0, 2]])

    def test_nothing_stays_nothing(self) -> None:
        assert without_doubles(NOTHING, 0.5).shape == (0, 5)

    @given(finds(), st.sampled_from([0.25, 0.5, 0.75]), st.integers(0, 999))
    def test_the_order_in_which_they_were_found_does_not_matter(self, found: Rows, most: float, seed: int) -> None:
        shuffled = np.random.default_rng(seed).permutation(found)
        assert np.array_equal(without_doubles(shuffled, most), without_doubles(found, most))

    @given(finds(), st.sampled_from([0.25, 0.5, 0.75]))
    def test_what_stays_was_found_comes_best_first_and_has_no_doubles(self, found: Rows, most: float) -> None:
        kept = without_doubles(found, most)
        assert {tuple(row) for row in kept} <= {tuple(row) for row in found}
        assert (np.diff(kept[:, 4]) < 0).all()
        for row in kept:
            assert sum(overlap(row, other) > most for other in kept) == 1  # itself

    @given(finds(), st.sampled_from([0.25, 0.5, 0.75]))
    def test_what_goes_is_the_double_of_a_better_one_that_stays(self, found: Rows, most: float) -> None:
        kept = without_doubles(found, most)
        for row in found:
            if tuple(row) not in {tuple(each) for each in kept}:
                assert any(each[4] > row[4] and overlap(row, each) > most for each in kept)


class TestWithoutParts:
    body = (0, 0, 20, 60, 0.8)

    def test_a_box_round_a_head_goes(self) -> None:
        found = rows(self.body, (5, 0, 15, 12, 0.9))
        assert np.array_equal(without_parts(found, 0.85, 0.7), found[:1])

    def test_a_neighbour_who_is_partly_hidden_stays(self) -> None:
        found = rows(self.body, (10, 0, 30, 40, 0.8))
        assert np.array_equal(without_parts(found, 0.85, 0.7), found)

    @pytest.mark.parametrize(("score", "left"), [(0.54, 3), (0.56, 1)])
    def test_a_weak_box_round_a_group_does_not_swallow_the_people_in_it(self, score: float, left: int) -> None:
        group = rows(self.body, (30, 0, 50, 60, 0.8), (0, 0, 50, 60, score))
        assert len(without_parts(group, 0.85, 0.7)) == left

    def test_of_two_equal_boxes_neither_is_a_part(self) -> None:
        assert len(without_parts(rows(self.body, self.body), 0.85, 0.7)) == 2

    def test_nothing_stays_nothing(self) -> None:
        assert without_parts(NOTHING, 0.85, 0.7).shape == (0, 5)

    @given(finds())
    def test_what_stays_was_found_in_the_same_order_and_the_largest_is_there(self, found: Rows) -> None:
        kept = without_parts(found, 0.85, 0.7)
        places = [next(place for place, row in enumerate(found) if np.array_equal(row, each)) for each in kept]
        assert places == sorted(places)
        if len(found):
            assert areas(kept).max() == areas(found).max()

    @given(finds(), st.integers(0, 999))
    def test_the_order_in_which_they_were_found_does_not_matter(self, found: Rows, seed: int) -> None:
        shuffled = np.random.default_rng(seed).permutation(found)
        kept = {tuple(row) for row in without_parts(found, 0.85, 0.7)}
        assert {tuple(row) for row in without_parts(shuffled, 0.85, 0.7)} == kept


def overlap(one: Rows, other: Rows) -> float:
    """Intersection over union."""
    shared = box(one).shared_with(box(other))
    return shared / (box(one).area + box(other).area - shared)
