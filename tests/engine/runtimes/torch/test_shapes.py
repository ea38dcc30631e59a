"""What moves numbers, as ONNX Runtime moves them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.engine.runtimes.torch.single import assert_same, noise, whole

ALL = noise(2, 3, 4, 5)
FAR = 2**31 - 1  # how exporters write "to the end"
ENDS = st.integers(-8, 8) | st.sampled_from((FAR, -FAR, 2**63 - 1, -(2**63) + 1))


@settings(max_examples=80, deadline=None)
@given(ENDS, ENDS, st.integers(-4, 3), st.sampled_from((-3, -2, -1, 1, 2, 3)))
def test_a_slice(first: int, last: int, axis: int, step: int) -> None:
    # Backwards, ONNX Runtime takes the largest numbers for the beginning too, which the standard does not say.
    assume(step > 0 or last < FAR)
    assert_same("Slice", ALL, whole(first), whole(last), whole(axis), whole(step))


def test_a_slice_of_several_axes() -> None:
    assert_same("Slice", ALL, whole(1, 0, 1), whole(2, 2, 4), whole(0, 2, 3), whole(1, 1, 2))
    assert_same("Slice", ALL, whole(0, 1), whole(1, FAR))


@pytest.mark.parametrize("attributes", [{}, {"start": 1}, {"start": -2}, {"end": 2}, {"start": 1, "end": -1}])
def test_a_shape(attributes: dict[str, int]) -> None:
    assert_same("Shape", ALL, **attributes)
    assert_same("Size", ALL)


@pytest.mark.parametrize("shape", [(-1,), (0, 0, -1), (2, -1, 5), (6, 20), (0, 12, 5)])
def test_another_shape(shape: tuple[int, ...]) -> None:
    assert_same("Reshape", ALL, whole(*shape))


def test_a_length_of_0_that_is_meant() -> None:
    assert_same("Reshape", np.zeros((0, 3), np.float32), whole(3, 0), allowzero=1)


@pytest.mark.parametrize("axis", [0, 1, 3, 4, -1])
def test_flattening(axis: int) -> None:
    assert_same("Flatten", ALL, axis=axis)


@pytest.mark.parametrize("axes", [[0], [-1], [0, 4], [1, -2]])
def test_new_axes(axes: list[int]) -> None:
    assert_same("Unsqueeze", noise(3, 4, 5), whole(*axes))
    assert_same("Unsqueeze", noise(3, 4, 5), opset=11, axes=axes)


def test_axes_less() -> None:
    image = noise(1, 3, 1, 5)
    assert_same("Squeeze", image, whole(0, -2))
    assert_same("Squeeze", image)
    assert_same("Squeeze", image, opset=11, axes=[2])


@given(st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_axes_in_another_order(order: list[int]) -> None:
    assert_same("Transpose", ALL, perm=order)


def test_axes_turned_round() -> None:
    assert_same("Transpose", ALL)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_parts_put_together(axis: int) -> None:
    assert_same("Concat", ALL, ALL, ALL[::-1].copy(), axis=axis)


def test_parts() -> None:
    long = noise(2, 7)
    assert_same("Split", long, whole(2, 4, 1), outputs=3, axis=1)
    assert_same("Split", long, outputs=3, axis=-1, num_outputs=3)
    assert_same("Split", ALL, outputs=2, axis=2, opset=13)
    assert_same("Split", long, outputs=2, axis=1, split=[3, 4], opset=11)


@pytest.mark.parametrize("places", [whole(1), whole(0, -1, 1), np.array([[0, 1], [-2, 0]], np.int32), np.int64(-1)])
@pytest.mark.parametrize("axis", [0, 2, -1])
def test_some_places(places: Any, axis: int) -> None:
    assert_same("Gather", ALL, np.asarray(places), axis=axis)


def test_some_places_of_each_row() -> None:
    assert_same("GatherElements", noise(3, 4), np.array([[0, -1], [2, 1], [3, 3]]), axis=1)


def test_places_by_several_axes() -> None:
    assert_same("GatherND", ALL, np.array([[0, 1], [-1, 2]]))
    assert_same("GatherND", ALL, np.array([[[0, 1, 2, 3]], [[1, -1, 0, 0]]]))


@pytest.mark.parametrize("reduction", ["none", "add"])
def test_numbers_put_in_places(reduction: str) -> None:
    assert_same("ScatterND", ALL, np.array([[0, 1], [1, -1]]), noise(2, 4, 5, seed=1), reduction=reduction)


@pytest.mark.parametrize("shape", [(2, 3, 4), (3, 1), (5, 2, 3, 4), (1,)])
def test_one_number_for_many(shape: tuple[int, ...]) -> None:
    assert_same("Expand", noise(3, 1) if shape != (2, 3, 4) else noise(2, 1, 4), whole(*shape))


def test_tiles() -> None:
    assert_same("Tile", noise(2, 3), whole(2, 3))


@pytest.mark.parametrize("value", [None, np.array([7], np.int64), np.array([0.5], np.float32)])
def test_one_number_in_a_shape(value: Any) -> None:
    from onnx import numpy_helper

    attributes = {} if value is None else {"value": numpy_helper.from_array(value)}
    assert_same("ConstantOfShape", whole(2, 3), **attributes)


def test_a_range() -> None:
    assert_same("Range", np.asarray(2, np.int64), np.asarray(11, np.int64), np.asarray(3, np.int64))
    assert_same("Range", np.asarray(1, np.float32), np.asarray(0, np.float32), np.asarray(-0.25, np.float32))


def test_the_places_that_are_not_0() -> None:
    assert_same("NonZero", np.array([[0, 1.5, 0], [2, 0, -3]], np.float32))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-1, 3), min_size=4, max_size=4), st.sampled_from(("constant", "reflect", "edge", "wrap")))
def test_pads(widths: list[int], mode: str) -> None:
    assume(mode == "constant" or min(widths) >= 0)
    pads = whole(0, 0, widths[0], widths[1], 0, 0, widths[2], widths[3])
    assert_same("Pad", noise(1, 2, 4, 5), pads, mode=mode, opset=19)


def test_pads_of_some_axes_with_a_number() -> None:
    assert_same("Pad", ALL, whole(1, 2, 0, 3), np.asarray(-2.5, np.float32), whole(-1, 1))
    assert_same("Pad", ALL, whole(1, 0), None, whole(0))
