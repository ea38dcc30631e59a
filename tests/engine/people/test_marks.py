"""Points and a selection are the same thing in the end: a set of a picture's pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PictureError, UsageError
from engine.people.marks import Marks, at_points, in_selection, marks_of, shared
from engine.types import Crop, Options, Size

PIXELS = st.tuples(st.integers(0, 39), st.integers(0, 29))
CROPS = st.builds(lambda x, y, w, h: Crop(x, y, x + w, y + h), *[st.integers(0, 20)] * 4)


def pixels_of(marks: Marks) -> set[tuple[int, int]]:
    rows, columns = np.nonzero(marks.within(marks.bounds))
    left, top = marks.bounds.left, marks.bounds.top
    return {(int(x) + left, int(y) + top) for x, y in zip(columns, rows, strict=True)}


@given(st.sets(PIXELS))
def test_both_are_the_pixels_that_are_marked(pixels: set[tuple[int, int]]) -> None:
    selection = np.random.default_rng(1).integers(0, 128, (30, 40)).astype(np.uint8)
    for x, y in pixels:
        selection[y, x] = 128 + 127 * ((x + y) % 2)
    points, selected = at_points([(x + 0.75, y + 0.25) for x, y in pixels]), in_selection(selection)
    assert pixels_of(points) == pixels_of(selected) == pixels
    assert points.bounds == selected.bounds


def test_a_selection_is_not_copied() -> None:
    selection = np.full((30, 40), 255, np.uint8)
    assert np.shares_memory(in_selection(selection).plane, selection)


@given(CROPS, CROPS)
def test_two_crops_share_their_common_pixels(one: Crop, other: Crop) -> None:
    planes = np.zeros((2, 50, 50), np.bool_)
    planes[0][one.window] = planes[1][other.window] = True
    common = shared(one, other)
    assert common.size.area == (planes[0] & planes[1]).sum()
    assert planes[:, common.top : common.bottom, common.left : common.right].all()


def test_nothing_says_whom() -> None:
    assert marks_of(Options(), Size(4, 3), None) is None


def test_an_empty_selection_marks_nothing() -> None:
    marks = marks_of(Options(), Size(4, 3), np.full((3, 4), 127, np.uint8))
    assert marks is not None
    assert pixels_of(marks) == set()


class TestRefusals:
    selection = np.zeros((3, 4), np.uint8)

    def test_points_and_a_selection(self) -> None:
        with pytest.raises(UsageError, match="points and a selection cannot both say whom to cut out"):
            marks_of(Options(at=((1, 1),)), Size(4, 3), self.selection)

    def test_a_number_of_people_beside_a_selection(self) -> None:
        with pytest.raises(UsageError, match="people cannot be '2' where a selection says whom to cut out"):
            marks_of(Options(people=2), Size(4, 3), self.selection)

    def test_a_selection_of_another_size(self) -> None:
        with pytest.raises(PictureError, match=r"another size than the picture: 4 x 3 pixels, not 3 x 4"):
            marks_of(Options(), Size(3, 4), self.selection)
