"""The other operators do in ONNX what TensorFlow's documentation says, in whichever order the picture is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engine.errors import NetworkError
from tests.engine.models.tfjs.building import Array, Builder, Floats, noise, result

PICTURE = noise(1, 4, 6, 3)
OTHER = noise(1, 4, 6, 3, seed=1)
CHANNELS = noise(3, seed=2)

Build = Callable[[Builder, str], str]


def floats(*numbers: float) -> Floats:
    return np.array(numbers, np.float32)


@dataclass(frozen=True)
class Case:
    """build: adds nodes after the picture and gives the last one's name. expected: of PICTURE."""

    name: str
    build: Build
    expected: Array


def one(operator: str, *constants: Any, **attributes: Any) -> Build:
    """A node of the picture and constants."""
    return lambda b, x: b.node(operator, [x, *(b.constant(each) for each in constants)], **attributes)


def chain(*builds: Build) -> Build:
    def build(builder: Builder, x: str) -> str:
        for each in builds:
            x = each(builder, x)
        return x

    return build


def joined(operator: str, pick: Callable[[str], Sequence[str]], **attributes: Any) -> Build:
    """A node of the outputs that `pick` names."""
    return lambda b, x: b.node(operator, pick(x), **attributes)


def strided(starts: Sequence[int], stops: Sequence[int], /, **masks: int) -> Build:
    names = ("begin", "end", "shrink_axis", "new_axis", "ellipsis")
    every = {f"{name}_mask": masks.get(name, 0) for name in names}
    return one("StridedSlice", list(starts), list(stops), [1] * len(starts), **every)


def to_integers(builder: Builder, x: str) -> str:
    return builder.node("Cast", [x], DstT="DT_INT32")


def to_floats(builder: Builder, x: str) -> str:
    return builder.node("Cast", [x], DstT="DT_FLOAT")


def sizes(builder: Builder, x: str) -> str:
    """[H, W] as two elements of Shape, packed again."""
    shape = builder.node("Shape", [x])
    masks = {"shrink_axis": 1}
    sides = [strided([axis], [axis + 1], **masks)(builder, shape) for axis in (1, 2)]
    return to_floats(builder, builder.node("Pack", sides, axis=0))


def filled_like(builder: Builder, x: str) -> str:
    return builder.node("BroadcastTo", [builder.constant(np.float32(0.25)), builder.node("Shape", [x])])


def half(builder: Builder, x: str) -> str:
    """The right half of a picture, whose width is known at run time alone."""
    shape = builder.node("Shape", [x])
    width = strided([2], [3], shrink_axis=1)(builder, shape)
    zero, rest = builder.constant(np.int32(0)), builder.constant(np.int32(-1))
    middle = builder.node("FloorDiv", [width, builder.constant(np.int32(2))], T="DT_INT32")
    begin = builder.node("Pack", [zero, zero, middle, zero], axis=0)
    size = builder.node("Pack", [rest, rest, middle, rest], axis=0)
    return builder.node("Slice", [x, begin, size])


def with_constant(builder: Builder, x: str) -> str:
    return builder.node("ConcatV2", [x, builder.constant(OTHER), builder.constant(np.int32(2))])


def top(name: str) -> Build:
    return chain(one("Reshape", [1, -1]), one("TopKV2", np.int32(5), name=name))


def less_its_mean(builder: Builder, x: str) -> str:
    """A picture and, at run time too, a vector."""
    means = one("Mean", [1, 2], keep_dims=True)(builder, x)
    return builder.node("Sub", [x, one("Reshape", [3])(builder, means)])


def dense(builder: Builder, x: str) -> str:
    """[5, 1, 7], added."""
    parts = [builder.constant(each) for each in ([0, 2], [3], floats(5, 7), np.float32(1))]
    return builder.node("Add", [x, builder.node("SparseToDense", parts)])


def folded(builder: Builder, x: str) -> str:
    """Times 3, which is computed at conversion."""
    three = builder.node("AddV2", [builder.constant(floats(2)), builder.constant(np.float32(1))])
    return builder.node("Mul", [x, builder.node("Squeeze", [three])])


WHOLE = np.trunc(PICTURE).astype(np.int64)
FLAT = PICTURE.reshape(1, -1)
ORDER = np.argsort(-FLAT, kind="stable")[:, :5]

CASES = [
    Case("Identity", one("Identity"), PICTURE),
    Case("Sigmoid", one("Sigmoid"), 1 / (1 + np.exp(-PICTURE))),
    Case("Tanh", one("Tanh"), np.tanh(PICTURE)),
    Case("Relu", one("Relu"), np.maximum(PICTURE, 0)),
    Case("Relu6", chain(one("Mul", np.float32(4)), one("Relu6")), np.clip(PICTURE * 4, 0, 6)),
    Case("LeakyRelu", one("LeakyRelu", alpha=0.1), np.where(PICTURE > 0, PICTURE, PICTURE * np.float32(0.1))),
    Case("Add a picture", one("Add", OTHER), PICTURE + OTHER),
    Case("AddV2 a number a channel", one("AddV2", CHANNELS), PICTURE + CHANNELS),
    Case("Sub a number", one("Sub", np.float32(0.5)), PICTURE - np.float32(0.5)),
    Case("Mul a number a column", one("Mul", noise(6, 1)), PICTURE * noise(6, 1)),
    Case("Minimum", one("Minimum", OTHER), np.minimum(PICTURE, OTHER)),
    Case("Maximum", one("Maximum", OTHER), np.maximum(PICTURE, OTHER)),
    Case("Mul with itself", joined("Mul", lambda x: [x, x]), PICTURE * PICTURE),
    Case("Equal", chain(one("Equal", np.maximum(PICTURE, OTHER)), to_floats), PICTURE >= OTHER),
    Case("Cast", chain(to_integers, to_floats), WHOLE),
    Case("FloorMod", chain(to_integers, one("FloorMod", np.int32(2)), to_floats), WHOLE % 2),
    Case("FloorDiv", chain(to_integers, one("FloorDiv", np.int32(2)), to_floats), WHOLE // 2),
    Case("Mean", one("Mean", [1, 2], keep_dims=True), PICTURE.mean((1, 2), keepdims=True)),
    Case("Pad", one("Pad", [[0, 0], [1, 2], [3, 0], [0, 1]]), np.pad(PICTURE, ((0, 0), (1, 2), (3, 0), (0, 1)))),
    Case(
        "PadV2",
        one("PadV2", [[0, 0], [1, 0], [0, 1], [0, 0]], np.float32(-9)),
        np.pad(PICTURE, ((0, 0), (1, 0), (0, 1), (0, 0)), constant_values=-9),
    ),
    Case("Shape, Pack", sizes, np.array([4, 6])),
    Case("BroadcastTo", filled_like, np.full_like(PICTURE, 0.25)),
    Case("Reshape", one("Reshape", [1, -1, 2]), PICTURE.reshape(1, -1, 2)),
    Case("ExpandDims", one("ExpandDims", np.int32(-1)), PICTURE[..., None]),
    Case("Transpose to NCHW", one("Transpose", [0, 3, 1, 2]), PICTURE.transpose(0, 3, 1, 2)),
    Case("Transpose to NHWC", one("Transpose", [0, 2, 3, 1]), PICTURE.transpose(0, 2, 3, 1)),
    Case("Transpose", one("Transpose", [0, 2, 1, 3]), PICTURE.transpose(0, 2, 1, 3)),
    Case(
        "Split, ConcatV2",
        chain(
            lambda b, x: b.node("Split", [b.constant(np.int32(-1)), x], num_split=3, name="parts"),
            lambda b, x: b.node("ConcatV2", [f"{x}:2", x, f"{x}:1", b.constant(np.int32(3))]),
        ),
        PICTURE[..., [2, 0, 1]],
    ),
    Case(
        "SplitV",
        chain(one("SplitV", [1, 3], np.int32(1), name="parts"), lambda b, x: b.node("Identity", [f"{x}:1"])),
        PICTURE[:, 1:],
    ),
    Case("ConcatV2 with a constant", with_constant, np.concatenate([PICTURE, OTHER], 2)),
    Case("Slice", one("Slice", [0, 1, 2, 0], [1, 2, -1, 2]), PICTURE[:, 1:3, 2:, :2]),
    Case("Slice at run time", half, PICTURE[:, :, 3:]),
    Case("StridedSlice", strided([0, 1, 0, -2], [1, 3, 6, 3]), PICTURE[:1, 1:3, :6, -2:3]),
    Case("StridedSlice, open", strided([5, 1, 2], [0, 3, 0], begin=1, end=5), PICTURE[:, 1:3, 2:]),
    Case("StridedSlice, elements", strided([0, -1], [1, 0], shrink_axis=3), PICTURE[0, -1]),
    Case("GatherV2", one("GatherV2", [2, 0], np.int32(1)), PICTURE[:, [2, 0]]),
    Case("TopKV2, values", top("top"), np.take_along_axis(FLAT, ORDER, 1)),
    Case("TopKV2, places", chain(top("top"), lambda b, x: to_floats(b, f"{x}:1")), ORDER),
    Case("Sub a vector", less_its_mean, PICTURE - PICTURE.mean((1, 2))),
    Case("SparseToDense", dense, PICTURE + floats(5, 1, 7)),
    Case("AddV2 and Squeeze of constants", folded, PICTURE * 3),
]


def nhwc(builder: Builder, x: str) -> str:
    """As TensorFlow has it."""
    return x


def nchw(builder: Builder, x: str) -> str:
    """Behind a convolution that changes nothing, whose result ONNX has as NCHW."""
    kernel = builder.constant(np.eye(3, dtype=np.float32)[None, None])
    return builder.node("Conv2D", [x, kernel], strides=[1, 1, 1, 1], padding="VALID", dilations=[1, 1, 1, 1])


@pytest.mark.parametrize("stored", [nhwc, nchw], ids=["NHWC", "NCHW"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_operator(case: Case, stored: Build) -> None:
    builder = Builder()
    after = case.build(builder, stored(builder, builder.picture(1, -1, -1, 3)))
    found: Floats = result(builder, after, PICTURE)
    assert found.shape == case.expected.shape
    np.testing.assert_allclose(found, case.expected, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (one("Erf"), r"operator Erf \(.*\) cannot be converted"),
        (strided([0], [1], new_axis=1), "a slice of a kind"),
        (strided([0], [1], ellipsis=1), "a slice of a kind"),
        (lambda b, _: b.node("Sigmoid", [b.constant(floats(1))]), "Sigmoid of a constant cannot be converted"),
        (lambda b, x: b.node("Mean", [x, x], keep_dims=True), "the axes of a mean can be converted as a constant only"),
        (lambda b, x: b.node("BroadcastTo", [b.constant(CHANNELS), x]), "only a number can be broadcast"),
    ],
)
def test_what_cannot_be_converted_is_said(build: Build, sentence: str) -> None:
    builder = Builder()
    after = build(builder, builder.picture(1, 4, 6, 3))
    with pytest.raises(NetworkError, match=sentence):
        result(builder, after, PICTURE)
