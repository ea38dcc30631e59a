"""What is selected on a layer: points for the engine, and whether a matte has anything there."""

from __future__ import annotations

import numpy as np
import pytest
from bshm_cut_out.selection import Selected, holds_any, points
from hypothesis import given
from hypothesis import strategies as st

SIDE = st.integers(1, 70)


@st.composite
def selections(draw: st.DrawFn) -> Selected:
    width, height = draw(SIDE), draw(SIDE)
    noise = np.random.default_rng(draw(st.integers(0, 99)))
    samples = noise.integers(0, 256, width * height, np.uint8)
    samples[noise.random(width * height) > draw(st.floats(0, 1))] = 0
    samples[draw(st.integers(0, width * height - 1))] = draw(st.integers(1, 255))
    return Selected(draw(st.integers(0, 9)), draw(st.integers(0, 9)), width, height, samples.tobytes())


@given(selections())
def test_points_are_selected_and_not_too_many(selected: Selected) -> None:
    samples = np.frombuffer(selected.samples, np.uint8).reshape(selected.height, selected.width)
    found = points(selected)
    least = 128 if samples.max() >= 128 else 1
    assert 1 <= len(found) <= 400
    assert all(samples[y - selected.top, x - selected.left] >= least for x, y in found)


def test_no_mark_is_too_small_beside_another() -> None:
    """A stroke over one person, and a dot on another, far away."""
    marks = np.zeros((3000, 4000), np.uint8)
    marks[100:900, 200:300] = 255
    marks[2900, 3900] = 255
    found = points(Selected(0, 0, 4000, 3000, marks.tobytes()))
    assert (3900, 2900) in found
    assert sum(x < 400 for x, _ in found) > 3


@given(selections(), st.data())
def test_what_lies_beside_the_selection_does_not_count(selected: Selected, data: st.DataObject) -> None:
    width, height = selected.left + selected.width + 3, selected.top + selected.height + 2
    alpha = np.zeros((height, width), np.uint8)
    samples = np.frombuffer(selected.samples, np.uint8).reshape(selected.height, selected.width)
    inside = alpha[selected.top : selected.top + selected.height, selected.left : selected.left + selected.width]
    alpha[:] = 255
    inside[samples > 0] = 0
    assert not holds_any(selected, alpha.tobytes(), width)
    rows, columns = np.nonzero(samples)
    one = data.draw(st.integers(0, len(rows) - 1))
    inside[rows[one], columns[one]] = 1
    assert holds_any(selected, alpha.tobytes(), width)


@pytest.mark.parametrize("value", [1, 127])
def test_what_is_selected_by_less_than_half_counts_where_there_is_nothing_else(value: int) -> None:
    assert points(Selected(5, 6, 2, 1, bytes([0, value]))) == ((6, 6),)
