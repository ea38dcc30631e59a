"""TensorFlow's operators and what turns each into ONNX: all that the catalogue's networks have, and no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.models.tfjs import images, shapes
from engine.models.tfjs.graph import Graph, Tensor, Value, tensor
from engine.models.tfjs.model import Array, Node

Operator = Callable[[Graph, Node, Sequence[Value]], list[Value]]


def _unary(operator: str) -> Operator:
    def convert(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
        value = tensor(inputs[0], node.operator)
        return [Tensor(graph.emit(operator, [value.name]), value.nchw)]

    return convert


def _element_wise(operator: str) -> Operator:
    def convert(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
        names, nchw = graph.same_order(inputs)
        return [Tensor(graph.emit(operator, names), nchw)]

    return convert


def _floor_divide(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """FloorDiv of integers. ONNX's own Div truncates, which differs below 0."""
    names, nchw = graph.same_order(inputs)
    whole = graph.emit("Sub", [names[0], graph.emit("Mod", names)])
    return [Tensor(graph.emit("Div", [whole, names[1]]), nchw)]


def _same(_graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    return [inputs[0]]


# What is computed at conversion where all inputs are constants; other operators take constants like any value.
FOLDED: Mapping[str, Callable[..., Array]] = {"AddV2": np.add, "Equal": np.equal, "Squeeze": np.squeeze}

OPERATORS: Mapping[str, Operator] = {
    "Identity": _same,
    "Sigmoid": _unary("Sigmoid"),
    "Tanh": _unary("Tanh"),
    "Relu": _unary("Relu"),
    "Relu6": images.clip_at_6,
    "LeakyRelu": images.leaky_relu,
    "Add": _element_wise("Add"),
    "AddV2": _element_wise("Add"),
    "Sub": _element_wise("Sub"),
    "Mul": _element_wise("Mul"),
    "Minimum": _element_wise("Min"),
    "Maximum": _element_wise("Max"),
    "FloorMod": _element_wise("Mod"),
    "Equal": _element_wise("Equal"),
    "FloorDiv": _floor_divide,
    "Mean": images.mean,
    "Conv2D": images.convolution,
    "_FusedConv2D": images.convolution,
    "DepthwiseConv2dNative": images.convolution,
    "FusedDepthwiseConv2dNative": images.convolution,
    "AvgPool": images.pooling,
    "MaxPool": images.pooling,
    "ResizeBilinear": images.resize_bilinear,
    "Pad": images.pad,
    "PadV2": images.pad,
    "SpaceToBatchND": images.dilate,
    "BatchToSpaceND": _same,  # the end of what SpaceToBatchND begins
    "Shape": shapes.shape,
    "Cast": shapes.cast,
    "Reshape": shapes.reshape,
    "ExpandDims": shapes.expand_dims,
    "BroadcastTo": shapes.broadcast,
    "Transpose": shapes.transpose,
    "Pack": shapes.pack,
    "ConcatV2": shapes.concat,
    "Split": shapes.split,
    "SplitV": shapes.split_sizes,
    "Slice": shapes.cut,
    "StridedSlice": shapes.strided_slice,
    "GatherV2": shapes.gather,
    "TopKV2": shapes.top_k,
    "SparseToDense": shapes.sparse_to_dense,
}
