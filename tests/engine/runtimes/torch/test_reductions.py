"""Sums, products, norms and the largest, as ONNX Runtime has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtimes.torch.single import assert_same, by_onnx_runtime, by_torch, noise, single, whole

ALL = noise(2, 3, 4, 5)
REDUCTIONS = ("ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", [None, [1], [-1, 0], [2, 3]])
@pytest.mark.parametrize("operator", REDUCTIONS)
def test_one_number_of_many(operator: str, axes: list[int] | None, keepdims: int) -> None:
    inputs = [] if axes is None else [whole(*axes)]
    assert_same(operator, ALL, *inputs, keepdims=keepdims)
    if operator != "ReduceSum":  # whose axes are an input since version 13
        attributes: dict[str, Any] = {} if axes is None else {"axes": axes}
        assert_same(operator, ALL, opset=13, keepdims=keepdims, **attributes)


def test_no_axes_that_are_meant() -> None:
    assert_same("ReduceSum", ALL, noop_with_empty_axes=1)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
def test_the_place_of_the_furthest(operator: str, axis: int) -> None:
    assert_same(operator, ALL, axis=axis, keepdims=0)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.sampled_from((0, 1, -1)), st.integers(0, 1))
def test_the_largest_few(count: int, axis: int, largest: int) -> None:
    assert_same("TopK", noise(6, 7, 6), whole(count), outputs=2, axis=axis, largest=largest)


def test_equals_among_the_largest_stand_in_their_order() -> None:
    values = np.array([1, 3, 3, 0, 3, 2, 2, 1], np.float32)
    assert_same("TopK", values, whole(5), outputs=2)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=5, max_size=30), st.integers(1, 5))
def test_among_equals_at_the_end_of_the_largest_any_may_be_chosen(numbers: list[int], count: int) -> None:
    values = np.array(numbers, np.float32)
    model = single("TopK", [values, whole(count)], outputs=2)
    (theirs, _), (ours, places) = by_onnx_runtime(model, values), by_torch(model, values)
    assert ours.tolist() == theirs.tolist()
    assert values[places].tolist() == ours.tolist()
    assert len(set(places.tolist())) == count


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("attributes", [{}, {"axis": 0}, {"axis": 1}, {"axis": -1}])
@pytest.mark.parametrize("operator", ["Softmax", "LogSoftmax"])
def test_shares_of_one(operator: str, attributes: dict[str, int], opset: int) -> None:
    assert_same(operator, ALL, opset=opset, **attributes)


@pytest.mark.parametrize(("left", "right"), [((4, 5), (5, 3)), ((2, 3, 4, 5), (5, 2)), ((5,), (2, 5, 3)), ((5,), (5,))])
def test_a_product_of_matrices(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    assert_same("MatMul", noise(*left), noise(*right, seed=1))


@pytest.mark.parametrize("turned", [0, 1])
def test_a_product_and_a_sum(turned: int) -> None:
    left, right = noise(*((5, 4) if turned else (4, 5))), noise(*((3, 5) if turned else (5, 3)), seed=1)
    assert_same("Gemm", left, right, noise(3), alpha=0.5, beta=2.0, transA=turned, transB=turned)
    assert_same("Gemm", left, right, transA=turned, transB=turned)


def test_a_sum_of_products_by_letters() -> None:
    assert_same("Einsum", ALL, noise(4, 5, 6, seed=1), equation="nchw,hwk->nck")


def test_norms() -> None:
    scale, bias, mean, variance = (noise(3, seed=seed) for seed in range(1, 5))
    assert_same("BatchNormalization", ALL, scale, bias, mean, np.abs(variance), epsilon=1e-3)
    assert_same("InstanceNormalization", ALL, scale, bias, epsilon=1e-3)
    assert_same("LayerNormalization", ALL, noise(4, 5, seed=1), noise(4, 5, seed=2), axis=-2, epsilon=1e-3)
    assert_same("LayerNormalization", ALL, noise(5, seed=1))


def test_a_norm_of_an_image_of_one_pixel() -> None:
    assert_same("InstanceNormalization", noise(1, 3, 1, 1), noise(3, seed=1), noise(3, seed=2))
