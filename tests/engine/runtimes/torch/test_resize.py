"""Resizing in all ways that are known, as ONNX Runtime does it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.engine.runtimes.torch.single import assert_same, noise, whole

SIDES = st.integers(2, 13)
COORDINATES = ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@settings(max_examples=60, deadline=None)
@given(st.tuples(SIDES, SIDES), st.tuples(st.integers(1, 20), st.integers(1, 20)), st.sampled_from(COORDINATES))
def test_linear_to_a_size(old: tuple[int, int], new: tuple[int, int], coordinates: str) -> None:
    image, sizes = noise(2, 3, *old), whole(2, 3, *new)
    assert_same("Resize", image, None, None, sizes, mode="linear", coordinate_transformation_mode=coordinates)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(SIDES, SIDES),
    st.tuples(*2 * [st.sampled_from((0.3, 0.5, 1, 1.3, 2, 2.6, 3))]),
    st.sampled_from((*COORDINATES, "half_pixel_symmetric")),
)
def test_linear_by_a_factor(old: tuple[int, int], factors: tuple[float, float], coordinates: str) -> None:
    """The factor counts, not the lengths, where they do not come out even."""
    assume(all(int(length * factor) > 0 for length, factor in zip(old, factors, strict=True)))
    scales = np.array([1, 1, *factors], np.float32)
    assert_same(
        "Resize", noise(1, 2, *old), None, scales, opset=19, mode="linear", coordinate_transformation_mode=coordinates
    )


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(SIDES, SIDES),
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.sampled_from(COORDINATES),
    st.sampled_from(ROUNDINGS),
)
def test_the_nearest_pixel(old: tuple[int, int], factors: tuple[int, int], coordinates: str, rounding: str) -> None:
    scales = np.array([1, 1, *factors], np.float32)
    assert_same(
        "Resize",
        noise(1, 2, *old),
        None,
        scales,
        mode="nearest",
        coordinate_transformation_mode=coordinates,
        nearest_mode=rounding,
    )


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(SIDES, SIDES),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.sampled_from(COORDINATES),
    st.sampled_from((-0.75, -0.5)),
    st.integers(0, 1),
)
def test_cubic(old: tuple[int, int], new: tuple[int, int], coordinates: str, coefficient: float, without: int) -> None:
    assert_same(
        "Resize",
        noise(1, 2, *old),
        None,
        None,
        whole(1, 2, *new),
        mode="cubic",
        coordinate_transformation_mode=coordinates,
        cubic_coeff_a=coefficient,
        exclude_outside=without,
    )


def test_as_tf2onnx_writes_it() -> None:
    """A region that means nothing, and factors that are there and empty."""
    nothing = np.zeros(0, np.float32)
    assert_same(
        "Resize",
        noise(1, 3, 7, 9),
        nothing,
        nothing,
        whole(1, 3, 13, 5),
        opset=13,
        mode="linear",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
        exclude_outside=0,
    )


@pytest.mark.parametrize("axes", [[2, 3], [-1, -2], [2]])
def test_some_axes_alone(axes: list[int]) -> None:
    sizes = whole(*range(4, 4 + len(axes)))
    assert_same("Resize", noise(1, 3, 7, 9), None, None, sizes, opset=18, mode="linear", axes=axes)
