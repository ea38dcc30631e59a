"""Operators that make one number of many: sums, products of matrices, norms, the largest; the tails of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as f

from engine.runtimes.torch.operator import Function, Operator, Tensor


def _reduction(function: Function) -> Operator:
    """function(numbers, axes, keepdim). The axes are an input in newer files, an attribute in older ones."""

    def apply(
        numbers: Tensor,
        at: Tensor | None = None,
        *,
        axes: Sequence[int] = (),
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Tensor:
        along = axes if at is None else at.tolist()
        if not along and noop_with_empty_axes:
            return numbers
        return function(numbers, tuple(along) or tuple(range(numbers.dim())), bool(keepdims))

    return Operator(apply, numbers=(1,))


def _sum(numbers: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    return torch.sum(numbers, axes, keep, dtype=numbers.dtype)


def _sum_of_squares(numbers: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    return _sum(numbers * numbers, axes, keep)


def _length(numbers: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    return _sum_of_squares(numbers, axes, keep).sqrt()


def _product(numbers: Tensor, axes: tuple[int, ...], keep: bool) -> Tensor:
    for axis in sorted((axis % numbers.dim() for axis in axes), reverse=True):
        numbers = torch.prod(numbers, axis, keep, dtype=numbers.dtype)
    return numbers


def _furthest(function: Function) -> Operator:
    def apply(numbers: Tensor, *, axis: int = 0, keepdims: int = 1) -> Tensor:
        return function(numbers, axis, bool(keepdims))

    return Operator(apply, known={"select_last_index": (0,)})


def _top(numbers: Tensor, count: Tensor, *, axis: int = -1, largest: int = 1) -> tuple[Tensor, Tensor]:
    """Sorted; of equals the first ones first, as far as PyTorch chose those."""
    _, places = torch.topk(numbers, int(count.item()), axis, bool(largest), sorted=False)
    places, _ = places.sort(axis)
    values, order = numbers.gather(axis, places).sort(stable=True, dim=axis, descending=bool(largest))
    return values, places.gather(axis, order)


def _softmax(numbers: Tensor, *, opset: int, axis: int | None = None) -> Tensor:
    return _along(torch.softmax, numbers, opset, axis)


def _log_softmax(numbers: Tensor, *, opset: int, axis: int | None = None) -> Tensor:
    return _along(torch.log_softmax, numbers, opset, axis)


def _along(function: Function, numbers: Tensor, opset: int, axis: int | None) -> Tensor:
    if opset >= 13:
        return function(numbers, -1 if axis is None else axis)
    # Before, all axes from this one on were one.
    first = (1 if axis is None else axis) % numbers.dim()
    return function(numbers.reshape(*numbers.shape[:first], -1), -1).reshape(numbers.shape)


def _multiply(left: Tensor, right: Tensor) -> Tensor:
    return torch.matmul(left, right)


def _multiply_and_add(
    left: Tensor,
    right: Tensor,
    added: Tensor | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803  # ONNX's names
    transB: int = 0,  # noqa: N803
) -> Tensor:
    product = torch.matmul(left.T if transA else left, right.T if transB else right) * alpha
    return product if added is None else product + added * beta


def _einsum(*tensors: Tensor, equation: str) -> Tensor:
    return torch.einsum(equation, *tensors)


def _batch_norm(
    image: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, *, epsilon: float = 1e-5
) -> Tensor:
    return f.batch_norm(image, mean, variance, scale, bias, eps=epsilon)


def _instance_norm(image: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    # Not torch.nn.functional's, which refuses images of one pixel: it is for training.
    enabled = torch.backends.cudnn.enabled
    return torch.instance_norm(image, scale, bias, None, None, True, 0.0, epsilon, enabled)


def _layer_norm(
    numbers: Tensor, scale: Tensor, bias: Tensor | None = None, *, axis: int = -1, epsilon: float = 1e-5
) -> Tensor:
    shape = numbers.shape[axis:]
    return f.layer_norm(numbers, shape, scale.expand(shape), None if bias is None else bias.expand(shape), epsilon)


OPERATORS: Mapping[str, Operator] = {
    "ArgMax": _furthest(torch.argmax),
    "ArgMin": _furthest(torch.argmin),
    "BatchNormalization": Operator(_batch_norm, known={"training_mode": (0,)}, idle=("momentum",)),
    "Einsum": Operator(_einsum),
    "Gemm": Operator(_multiply_and_add),
    "InstanceNormalization": Operator(_instance_norm),
    "LayerNormalization": Operator(_layer_norm, known={"stash_type": (1,)}),
    "LogSoftmax": Operator(_log_softmax),
    "MatMul": Operator(_multiply),
    "ReduceL2": _reduction(_length),
    "ReduceMax": _reduction(torch.amax),
    "ReduceMean": _reduction(torch.mean),
    "ReduceMin": _reduction(torch.amin),
    "ReduceProd": _reduction(_product),
    "ReduceSum": _reduction(_sum),
    "ReduceSumSquare": _reduction(_sum_of_squares),
    "Softmax": Operator(_softmax),
    "TopK": Operator(_top, numbers=(1,), idle=("sorted",), outputs=2),
}
