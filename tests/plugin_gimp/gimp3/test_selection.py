"""What is selected on a layer: points for the engine, and whether a matte has anything there."""

from __future__ import annotations

import numpy as np
import pytest
from bshm_cut_out.selection import Selected, holds_any, points
from hypothesis import given
from hypothesis import strategies as st

from engine.types import Pixels

SIDE = st.integers(1, 70)


@st.composite
def selections(draw: st.DrawFn) -> Selected:
    width, height = draw(SIDE), draw(SIDE)
    noise = np.random.default_rng(draw(st.integers(0, 99)))
    samples = noise.integers(0, 256, width * height, np.uint8)
    samples[noise.random(width * height) > draw(st.floats(0, 1))] = 0
    samples[draw(st.integers(0, width * height - 1))] = draw(st.integers(1, 255))
    left, top, right, bottom = (draw(st.integers(0, 9)) for _ in range(4))
    layer = np.pad(samples.reshape(height, width), ((top, bottom), (left, right)))
    return Selected(layer.shape[1], layer.shape[0], layer.tobytes())


def samples_of(selected: Selected) -> Pixels:
    return np.frombuffer(selected.samples, np.uint8).reshape(selected.height, selected.width)


@given(selections())
def test_points_are_selected_and_not_too_many(selected: Selected) -> None:
    samples = samples_of(selected)
    found = points(selected)
    least = 128 if samples.max() >= 128 else 1
    assert 1 <= len(found) <= 400
    assert all(samples[y, x] >= least for x, y in found)


def test_no_mark_is_too_small_beside_another() -> None:
    """A stroke over one person, and a dot on another, far away."""
    marks = np.zeros((3000, 4000), np.uint8)
    marks[100:900, 200:300] = 255
    marks[2900, 3900] = 255
    found = points(Selected(4000, 3000, marks.tobytes()))
    assert (3900, 2900) in found
    assert sum(x < 400 for x, _ in found) > 3


def test_a_small_selection_has_as_many_points_as_a_large_one() -> None:
    marks = np.zeros((3000, 4000), np.uint8)
    marks[700:760, 900:960] = 255
    assert len(points(Selected(4000, 3000, marks.tobytes()))) == 400


@given(selections(), st.data())
def test_what_lies_beside_the_selection_does_not_count(selected: Selected, data: st.DataObject) -> None:
    samples = samples_of(selected)
    alpha = np.where(samples > 0, np.uint8(0), np.uint8(255))
    assert not holds_any(selected, alpha.tobytes())
    rows, columns = np.nonzero(samples)
    one = data.draw(st.integers(0, len(rows) - 1))
    alpha[rows[one], columns[one]] = 1
    assert holds_any(selected, alpha.tobytes())


@pytest.mark.parametrize("value", [1, 127])
def test_what_is_selected_by_less_than_half_counts_where_there_is_nothing_else(value: int) -> None:
    assert points(Selected(3, 2, bytes([0, 0, 0, 0, 0, value]))) == ((2, 1),)
