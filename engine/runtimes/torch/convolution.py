"""Operators that slide a window over an image [N, C, ...] of one to three dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as f

from engine.runtimes.torch.operator import Function, Operator, Tensor

_CONVOLUTIONS: Mapping[int, Function] = {1: f.conv1d, 2: f.conv2d, 3: f.conv3d}
_TRANSPOSED: Mapping[int, Function] = {1: f.conv_transpose1d, 2: f.conv_transpose2d, 3: f.conv_transpose3d}
_MAXIMA: Mapping[int, Function] = {1: f.max_pool1d, 2: f.max_pool2d, 3: f.max_pool3d}
_MEANS: Mapping[int, Function] = {1: f.avg_pool1d, 2: f.avg_pool2d, 3: f.avg_pool3d}

# What lies before and behind along each axis, in pixels.
Pads = tuple[Sequence[int], Sequence[int]]


def _pads(
    auto_pad: str, pads: Sequence[int], size: Sequence[int], window: Sequence[int], strides: Sequence[int]
) -> Pads:
    """window: along each axis, dilated."""
    if auto_pad == "VALID":
        return (0,) * len(size), (0,) * len(size)
    if auto_pad == "NOTSET":
        return (tuple(pads[: len(size)]), tuple(pads[len(size) :])) if pads else ((0,) * len(size), (0,) * len(size))
    totals = [
        max((-(-length // stride) - 1) * stride + reach - length, 0)
        for length, reach, stride in zip(size, window, strides, strict=True)
    ]
    less, more = tuple(total // 2 for total in totals), tuple(total - total // 2 for total in totals)
    return (less, more) if auto_pad == "SAME_UPPER" else (more, less)


def _padded(image: Tensor, pads: Pads, value: float) -> Tensor:
    """PyTorch's order: the last axis first."""
    flat = [length for pair in zip(*map(reversed, pads), strict=True) for length in pair]
    return f.pad(image, flat, value=value) if any(flat) else image


def _dilated(kernel: Sequence[int], dilations: Sequence[int]) -> list[int]:
    return [(length - 1) * dilation + 1 for length, dilation in zip(kernel, dilations, strict=True)]


def _convolve(
    image: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
    group: int = 1,
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Tensor:
    rank = image.dim() - 2
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    before, behind = _pads(auto_pad, pads, image.shape[2:], _dilated(weights.shape[2:], dilations), strides)
    if before == behind:
        return _CONVOLUTIONS[rank](image, weights, bias, strides, before, dilations, group)
    return _CONVOLUTIONS[rank](_padded(image, (before, behind), 0), weights, bias, strides, 0, dilations, group)


def _convolve_transposed(
    image: Tensor,
    weights: Tensor,
    bias: Tensor | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Sequence[int] = (),
    group: int = 1,
    output_padding: Sequence[int] = (),
    output_shape: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Tensor:
    rank = image.dim() - 2
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    added = output_padding or (0,) * rank
    window = _dilated(weights.shape[2:], dilations)
    whole = [
        (length - 1) * stride + reach + more
        for length, stride, reach, more in zip(image.shape[2:], strides, window, added, strict=True)
    ]
    wanted = output_shape[-rank:]
    if not wanted and auto_pad.startswith("SAME"):
        wanted = [
            min(length * stride, most) for length, stride, most in zip(image.shape[2:], strides, whole, strict=True)
        ]
    before, behind = _pads(auto_pad, pads, whole, window, strides) if not wanted else _cut(auto_pad, whole, wanted)
    # All of it, and what is too much cut off: PyTorch cuts the same from both ends alone.
    full = _TRANSPOSED[rank](image, weights, None, strides, 0, 0, group, dilations)
    cut = _padded(full, ([-each for each in before], [m - each for m, each in zip(added, behind, strict=True)]), 0)
    return cut if bias is None else cut + bias.reshape(-1, *(1,) * rank)


def _cut(auto_pad: str, whole: Sequence[int], wanted: Sequence[int]) -> Pads:
    totals = [have - want for have, want in zip(whole, wanted, strict=True)]
    less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
    return (less, more) if auto_pad == "SAME_UPPER" else (more, less)


def _max_pool(
    image: Tensor,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Sequence[int] = (),
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Tensor:
    rank = len(kernel_shape)
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    reach = _dilated(kernel_shape, dilations)
    around = _pads(auto_pad, pads, image.shape[2:], reach, strides)
    if ceil_mode and auto_pad == "NOTSET":
        around = _with_last_windows(around, image.shape[2:], reach, strides)
    least = float("-inf") if image.is_floating_point() else torch.iinfo(image.dtype).min
    return _MAXIMA[rank](_padded(image, around, least), kernel_shape, strides, 0, dilations)


def _with_last_windows(pads: Pads, size: Sequence[int], window: Sequence[int], strides: Sequence[int]) -> Pads:
    """The pads with which a last window counts that only begins inside the picture, or in the pads before it."""
    after = []
    for before, end, length, reach, stride in zip(*pads, size, window, strides, strict=True):
        steps = -(-(before + length + end - reach) // stride)
        steps -= steps * stride >= before + length
        after.append(max(end, steps * stride + reach - before - length))
    return pads[0], tuple(after)


def _average_pool(
    image: Tensor,
    *,
    kernel_shape: Sequence[int],
    auto_pad: str = "NOTSET",
    count_include_pad: int = 0,
    pads: Sequence[int] = (),
    strides: Sequence[int] = (),
) -> Tensor:
    rank = len(kernel_shape)
    strides = strides or (1,) * rank
    around = _pads(auto_pad, pads, image.shape[2:], kernel_shape, strides)
    means = _MEANS[rank](_padded(image, around, 0), kernel_shape, strides)
    if count_include_pad or not any(map(any, around)):
        return means
    # The part of each window that lies on the image; never 0, as no pad is as wide as the window.
    ones = image.new_ones((1, 1, *image.shape[2:]))
    return means / _MEANS[rank](_padded(ones, around, 0), kernel_shape, strides)


def _global_average(image: Tensor) -> Tensor:
    return image.mean(tuple(range(2, image.dim())), keepdim=True)


def _global_maximum(image: Tensor) -> Tensor:
    return image.amax(tuple(range(2, image.dim())), keepdim=True)


def _depth_to_space(image: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    if mode == "CRD":
        return f.pixel_shuffle(image, blocksize)
    count, channels, height, width = image.shape
    blocks = image.reshape(count, blocksize, blocksize, channels // blocksize**2, height, width)
    return blocks.permute(0, 3, 4, 1, 5, 2).reshape(count, -1, height * blocksize, width * blocksize)


def _space_to_depth(image: Tensor, *, blocksize: int) -> Tensor:
    count, channels, height, width = image.shape
    down, across = height // blocksize, width // blocksize
    blocks = image.reshape(count, channels, down, blocksize, across, blocksize)
    return blocks.permute(0, 3, 5, 1, 2, 4).reshape(count, channels * blocksize**2, down, across)


_PADDING = {"auto_pad": ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")}

OPERATORS: Mapping[str, Operator] = {
    "Conv": Operator(_convolve, known=_PADDING, idle=("kernel_shape",)),  # the weights have it too
    "ConvTranspose": Operator(_convolve_transposed, known=_PADDING, idle=("kernel_shape",)),
    "MaxPool": Operator(_max_pool, known=_PADDING | {"ceil_mode": (0, 1), "storage_order": (0,)}),
    "AveragePool": Operator(_average_pool, known=_PADDING),
    "GlobalAveragePool": Operator(_global_average),
    "GlobalMaxPool": Operator(_global_maximum),
    "DepthToSpace": Operator(_depth_to_space, known={"mode": ("DCR", "CRD")}),
    "SpaceToDepth": Operator(_space_to_depth),
}
