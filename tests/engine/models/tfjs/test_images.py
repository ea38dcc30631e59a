"""Operators on pictures do in ONNX what TensorFlow's documentation says of them."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NetworkError
from tests.engine.models.tfjs.building import Builder, Floats, noise, result

Padding = Literal["SAME", "VALID"]
SIDES = st.integers(3, 8)


def windows(
    picture: Floats, size: tuple[int, int], stride: int, padding: Padding, fill: float, dilation: int = 1
) -> Floats:
    """[N, H', W', h, w, C]: what each place of the output sees, by TensorFlow's rule of padding."""
    if padding == "SAME":  # the output has ceil(side / stride) places; the odd pixel of padding comes last
        pads = []
        for side, width in zip(picture.shape[1:3], size, strict=True):
            total = max(0, (-(-side // stride) - 1) * stride + (width - 1) * dilation + 1 - side)
            pads.append((total // 2, total - total // 2))
        picture = np.pad(picture, [(0, 0), *pads, (0, 0)], constant_values=fill)
    height, width = ((each - 1) * dilation + 1 for each in size)
    seen = np.lib.stride_tricks.sliding_window_view(picture, (height, width), axis=(1, 2))
    seen = seen[:, ::stride, ::stride, :, ::dilation, ::dilation]
    return np.moveaxis(seen, 3, -1)


@settings(max_examples=60)
@given(
    sides=st.tuples(SIDES, SIDES),
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["SAME", "VALID"]),
    depthwise=st.booleans(),
    fused=st.sampled_from([[], ["BiasAdd"], ["BiasAdd", "Relu"]]),
)
def test_convolution(
    sides: tuple[int, int], size: tuple[int, int], stride: int, padding: Padding, depthwise: bool, fused: list[str]
) -> None:
    picture, kernel, bias = noise(1, *sides, 2), noise(*size, 2, 3, seed=1), noise(6 if depthwise else 3, seed=2)
    builder = Builder()
    operator = {
        (False, False): "Conv2D",
        (False, True): "_FusedConv2D",
        (True, False): "DepthwiseConv2dNative",
        (True, True): "FusedDepthwiseConv2dNative",
    }[depthwise, bool(fused)]
    inputs = [builder.picture(1, *sides, 2), builder.constant(kernel), builder.constant(bias)]
    convolved = builder.node(
        operator,
        inputs if fused else inputs[:2],
        strides=[1, stride, stride, 1],
        padding=padding,
        dilations=[1, 1, 1, 1],
        data_format="NHWC",
        fused_ops=fused,
    )
    seen = windows(picture, size, stride, padding, fill=0)
    if depthwise:  # each channel on its own, with `multiplier` results
        expected = np.einsum("nyxhwc,hwcm->nyxcm", seen, kernel).reshape(*seen.shape[:3], -1)
    else:
        expected = np.einsum("nyxhwc,hwco->nyxo", seen, kernel)
    expected = expected + bias if fused else expected
    expected = np.maximum(expected, 0) if "Relu" in fused else expected
    np.testing.assert_allclose(result(builder, convolved, picture), expected, atol=1e-4)


def test_convolution_between_space_to_batch_and_back_is_dilated() -> None:
    picture, kernel = noise(1, 9, 9, 2), noise(3, 3, 2, 1)
    builder = Builder()
    block, zeros = builder.constant([2, 2]), builder.constant([[0, 1], [0, 1]])
    taken_apart = builder.node("SpaceToBatchND", [builder.picture(1, 9, 9, 2), block, zeros])
    kernel_name = builder.constant(kernel)
    convolved = builder.node(
        "DepthwiseConv2dNative",
        [taken_apart, kernel_name],
        strides=[1, 1, 1, 1],
        padding="VALID",
        dilations=[1, 1, 1, 1],
    )
    joined = builder.node("BatchToSpaceND", [convolved, block, zeros])
    seen = windows(picture, (3, 3), 1, "VALID", fill=0, dilation=2)
    expected = np.einsum("nyxhwc,hwcm->nyxcm", seen, kernel)[..., 0]
    np.testing.assert_allclose(result(builder, joined, picture), expected, atol=1e-4)


@settings(max_examples=30)
@given(
    sides=st.tuples(SIDES, SIDES),
    size=st.integers(2, 3),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["SAME", "VALID"]),
    average=st.booleans(),
)
def test_pooling(sides: tuple[int, int], size: int, stride: int, padding: Padding, average: bool) -> None:
    picture = noise(1, *sides, 2)
    builder = Builder()
    pooled = builder.node(
        "AvgPool" if average else "MaxPool",
        [builder.picture(1, *sides, 2)],
        ksize=[1, size, size, 1],
        strides=[1, stride, stride, 1],
        padding=padding,
    )
    seen = windows(picture, (size, size), stride, padding, fill=np.nan)  # padding counts for nothing
    expected = (np.nanmean if average else np.nanmax)(seen, axis=(3, 4))
    np.testing.assert_allclose(result(builder, pooled, picture), expected, atol=1e-5)


@settings(max_examples=30)
@given(sides=st.tuples(SIDES, SIDES), target=st.tuples(SIDES, SIDES), half_pixel=st.booleans())
def test_bilinear_resizing(sides: tuple[int, int], target: tuple[int, int], half_pixel: bool) -> None:
    picture = noise(1, *sides, 2)
    builder = Builder()
    resized = builder.node(
        "ResizeBilinear",
        [builder.picture(1, *sides, 2), builder.constant(target)],
        half_pixel_centers=half_pixel,
        align_corners=False,
    )
    expected = picture
    for axis, (old, new) in enumerate(zip(sides, target, strict=True), start=1):
        places = np.arange(new) * old / new
        places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, None) if half_pixel else places
        lower = np.minimum(np.floor(places).astype(int), old - 1)
        upper = np.minimum(lower + 1, old - 1)
        part = np.expand_dims(places - lower, [each for each in range(4) if each != axis])
        expected = expected.take(lower, axis) * (1 - part) + expected.take(upper, axis) * part
    np.testing.assert_allclose(result(builder, resized, picture), expected, atol=1e-4)


def test_convolutions_of_other_kinds_are_refused() -> None:
    builder = Builder()
    convolved = builder.node(
        "_FusedConv2D",
        [builder.picture(1, 4, 4, 1), builder.constant(noise(1, 1, 1, 1)), builder.constant(noise(1))],
        strides=[1, 1, 1, 1],
        padding="SAME",
        dilations=[1, 1, 1, 1],
        fused_ops=["BiasAdd", "Elu"],
    )
    with pytest.raises(NetworkError, match="a convolution of a kind that cannot be converted"):
        result(builder, convolved, noise(1, 4, 4, 1))


def test_means_over_other_axes_are_refused() -> None:
    builder = Builder()
    mean = builder.node("Mean", [builder.picture(1, 4, 4, 1), builder.constant([3])], keep_dims=True)
    with pytest.raises(NetworkError, match="only means over height and width"):
        result(builder, mean, noise(1, 4, 4, 1))
