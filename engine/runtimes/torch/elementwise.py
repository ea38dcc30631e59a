"""Operators that work on each number by itself, and on pairs of numbers of tensors that fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import torch
import torch.nn.functional as f

from engine.runtimes.torch.operator import Function, Operator, Tensor

# ONNX's numbers of the kinds of elements (TensorProto.DataType) that PyTorch computes with.
KINDS: Mapping[int, torch.dtype] = {
    1: torch.float32,
    2: torch.uint8,
    3: torch.int8,
    5: torch.int16,
    6: torch.int32,
    7: torch.int64,
    9: torch.bool,
    10: torch.float16,
    11: torch.float64,
}


def _divide(left: Tensor, right: Tensor) -> Tensor:
    return torch.div(left, right, rounding_mode=None if left.is_floating_point() else "trunc")


def _modulo(left: Tensor, right: Tensor, *, fmod: int = 0) -> Tensor:
    return torch.fmod(left, right) if fmod else torch.remainder(left, right)


def _power(base: Tensor, exponent: Tensor) -> Tensor:
    return torch.pow(base, exponent).to(base.dtype)


def _clip(numbers: Tensor, least: Tensor | None = None, most: Tensor | None = None) -> Tensor:
    if least is None and most is None:
        return numbers
    return numbers.clamp(None if least is None else least.item(), None if most is None else most.item())


def _cast(numbers: Tensor, *, to: int) -> Tensor:
    kind = KINDS[to]
    if numbers.is_floating_point() and kind == torch.uint8:
        # By way of int32, as ONNX Runtime does; straight, PyTorch's devices differ past 255.
        return numbers.to(torch.int32).to(kind)
    return numbers.to(kind)


def _leaky(numbers: Tensor, *, alpha: float = 0.01) -> Tensor:
    return f.leaky_relu(numbers, alpha)


def _leaky_by_channel(numbers: Tensor, slope: Tensor) -> Tensor:
    return torch.where(numbers < 0, numbers * slope, numbers)


def _elu(numbers: Tensor, *, alpha: float = 1.0) -> Tensor:
    return f.elu(numbers, alpha)


def _hard_sigmoid(numbers: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    return (numbers * alpha + beta).clamp(0, 1)


def _gelu(numbers: Tensor, *, approximate: str = "none") -> Tensor:
    return f.gelu(numbers, approximate=approximate)


def _one(function: Function) -> Operator:
    """An operator of one input; PyTorch's own functions do not all show their signatures."""

    def apply(numbers: Tensor) -> Tensor:
        return function(numbers)

    return Operator(apply)


def _two(function: Function) -> Operator:
    def apply(left: Tensor, right: Tensor) -> Tensor:
        return function(left, right)

    return Operator(apply)


def _many(function: Function) -> Operator:
    def apply(*numbers: Tensor) -> Tensor:
        return reduce(function, numbers)

    return Operator(apply)


def _choose(condition: Tensor, this: Tensor, that: Tensor) -> Tensor:
    return torch.where(condition, this, that)


OPERATORS: Mapping[str, Operator] = {
    "Abs": _one(torch.abs),
    "Add": _two(torch.add),
    "And": _two(torch.logical_and),
    "Cast": Operator(_cast, known={"to": KINDS.keys()}, idle=("saturate",)),  # saturate: of eight bits' floats alone
    "Ceil": _one(torch.ceil),
    "Clip": Operator(_clip, numbers=(1, 2)),
    "Cos": _one(torch.cos),
    "Div": Operator(_divide),
    "Elu": Operator(_elu),
    "Equal": _two(torch.eq),
    "Erf": _one(torch.erf),
    "Exp": _one(torch.exp),
    "Floor": _one(torch.floor),
    "Gelu": Operator(_gelu, known={"approximate": ("none", "tanh")}),
    "Greater": _two(torch.gt),
    "GreaterOrEqual": _two(torch.ge),
    "HardSigmoid": Operator(_hard_sigmoid),
    "HardSwish": _one(f.hardswish),
    "Identity": _one(lambda numbers: numbers),
    "LeakyRelu": Operator(_leaky),
    "Less": _two(torch.lt),
    "LessOrEqual": _two(torch.le),
    "Log": _one(torch.log),
    "Max": _many(torch.maximum),
    "Min": _many(torch.minimum),
    "Mod": Operator(_modulo),
    "Mul": _two(torch.mul),
    "Neg": _one(torch.neg),
    "Not": _one(torch.logical_not),
    "Or": _two(torch.logical_or),
    "PRelu": Operator(_leaky_by_channel),
    "Pow": Operator(_power),
    "Reciprocal": _one(torch.reciprocal),
    "Relu": _one(torch.relu),
    "Round": _one(torch.round),
    "Sigmoid": _one(torch.sigmoid),
    "Sign": _one(torch.sign),
    "Sin": _one(torch.sin),
    "Softplus": _one(f.softplus),
    "Sqrt": _one(torch.sqrt),
    "Sub": _two(torch.sub),
    "Sum": _many(torch.add),
    "Tanh": _one(torch.tanh),
    "Where": Operator(_choose),
    "Xor": _two(torch.logical_xor),
}
