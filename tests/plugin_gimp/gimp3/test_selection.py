"""What is selected on a layer: what the engine takes for marked, and whether a matte has anything there."""

from __future__ import annotations

import numpy as np
from bshm_cut_out.selection import Selected, holds_any, marks
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
def test_what_is_selected_by_half_is_marked(selected: Selected) -> None:
    samples = samples_of(selected)
    marked = np.frombuffer(marks(selected), np.uint8).reshape(samples.shape) >= 128
    least = 128 if samples.max() >= 128 else 1
    assert np.array_equal(marked, samples >= least)


def test_what_is_sent_is_no_copy_of_a_selection_that_has_halves() -> None:
    selected = Selected(3, 2, bytes([0, 7, 128, 0, 0, 1]))
    assert marks(selected) is selected.samples


@given(selections(), st.data())
def test_what_lies_beside_the_selection_does_not_count(selected: Selected, data: st.DataObject) -> None:
    samples = samples_of(selected)
    alpha = np.where(samples > 0, np.uint8(0), np.uint8(255))
    assert not holds_any(selected, alpha.tobytes())
    rows, columns = np.nonzero(samples)
    one = data.draw(st.integers(0, len(rows) - 1))
    alpha[rows[one], columns[one]] = 1
    assert holds_any(selected, alpha.tobytes())
