"""Windows over images, as ONNX Runtime has them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.runtimes.torch.single import assert_same, noise

SIDES = st.integers(5, 12)
STEPS = st.integers(1, 3)


@st.composite
def windows(draw: st.DrawFn, dilated: bool = True, gaps: bool = True) -> dict[str, Any]:
    """Attributes of a window of two dimensions, its pads among them, or the word for them. gaps: whether it may step
    over pixels."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    steps = STEPS if gaps else st.integers(1, min(kernel))
    found: dict[str, Any] = {"kernel_shape": kernel, "strides": draw(st.tuples(steps, steps))}
    if dilated and draw(st.booleans()):
        found["dilations"] = draw(st.tuples(st.integers(1, 2), st.integers(1, 2)))
    how = draw(st.sampled_from(("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")))
    if how == "NOTSET":
        found["pads"] = [draw(st.integers(0, kernel[place % 2] - 1)) for place in range(4)]
    elif "dilations" not in found:  # ONNX Runtime refuses both together
        found["auto_pad"] = how
    return found


@settings(max_examples=40, deadline=None)
@given(SIDES, SIDES, windows(), st.sampled_from((1, 2, 4)), st.booleans())
def test_a_convolution(height: int, width: int, window: dict[str, Any], group: int, with_bias: bool) -> None:
    weights = noise(8, 4 // group, *window["kernel_shape"], seed=1)
    assert_same("Conv", noise(2, 4, height, width), weights, *([noise(8)] if with_bias else []), group=group, **window)


@pytest.mark.parametrize("size", [(9,), (5, 6, 7)])
def test_a_convolution_of_other_than_two_dimensions(size: tuple[int, ...]) -> None:
    weights = noise(3, 2, *(3 for _ in size), seed=1)
    assert_same("Conv", noise(1, 2, *size), weights, pads=[1] * len(size) + [0] * len(size))


@settings(max_examples=40, deadline=None)
@given(SIDES, SIDES, windows(), st.sampled_from((1, 2)), st.integers(0, 1))
def test_a_transposed_convolution(height: int, width: int, window: dict[str, Any], group: int, added: int) -> None:
    weights = noise(4, 2, *window["kernel_shape"], seed=1)
    if min(window["strides"]) > added:
        window["output_padding"] = (added, added)
    assert_same("ConvTranspose", noise(1, 4, height, width), weights, noise(2 * group), group=group, **window)


@pytest.mark.parametrize("auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER"])
@pytest.mark.parametrize("shape", [(10, 13), (11, 12), (9, 14)])
def test_a_transposed_convolution_to_a_size(auto_pad: str, shape: tuple[int, int]) -> None:
    image, weights = noise(1, 2, 5, 6), noise(2, 3, 3, 4, seed=1)
    assert_same("ConvTranspose", image, weights, strides=[2, 2], output_shape=shape, auto_pad=auto_pad)


@settings(max_examples=30, deadline=None)
@given(SIDES, SIDES, windows(gaps=False), st.integers(0, 1))
def test_the_largest_of_a_window(height: int, width: int, window: dict[str, Any], ceil_mode: int) -> None:
    assert_same("MaxPool", noise(1, 3, height, width), ceil_mode=ceil_mode, **window)


@settings(max_examples=40, deadline=None)
@given(SIDES, SIDES, windows(dilated=False, gaps=False), st.integers(0, 1))
def test_the_mean_of_a_window(height: int, width: int, window: dict[str, Any], count_include_pad: int) -> None:
    assert_same("AveragePool", noise(1, 3, height, width), count_include_pad=count_include_pad, **window)


@pytest.mark.parametrize("operator", ["GlobalAveragePool", "GlobalMaxPool"])
def test_one_number_of_a_whole_image(operator: str) -> None:
    assert_same(operator, noise(2, 3, 5, 7))


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_channels_become_pixels(mode: str) -> None:
    assert_same("DepthToSpace", noise(2, 12, 3, 5), blocksize=2, mode=mode)


def test_pixels_become_channels() -> None:
    assert_same("SpaceToDepth", noise(2, 3, 6, 9), blocksize=3)
