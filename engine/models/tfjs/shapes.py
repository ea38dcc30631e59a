"""Operators on shapes, axes and single elements. Each returns the node's outputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.errors import NetworkError
from engine.models.tfjs.graph import (
    NCHW_TO_NHWC,
    NHWC_TO_NCHW,
    ONNX_TYPES,
    Constant,
    Graph,
    Tensor,
    Value,
    known,
    onnx_axis,
    tensor,
)
from engine.models.tfjs.model import Node

TO_THE_END = 2**31 - 1


def shape(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Shape, in TensorFlow's axis order."""
    value = tensor(inputs[0], node.operator)
    name = graph.emit("Shape", [value.name])
    if value.nchw:
        name = graph.emit("Gather", [name, graph.integers(*NCHW_TO_NHWC)], {"axis": 0})
    return [Tensor(name)]


def cast(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Cast."""
    value = tensor(inputs[0], node.operator)
    return [Tensor(graph.emit("Cast", [value.name], {"to": ONNX_TYPES[node.attributes["DstT"]]}), value.nchw)]


def reshape(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Reshape."""
    return [Tensor(graph.emit("Reshape", [graph.plain(inputs[0]), graph.plain(inputs[1])]))]


def expand_dims(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """ExpandDims."""
    axis = graph.integers(onnx_axis(inputs[1], nchw=False))
    return [Tensor(graph.emit("Unsqueeze", [graph.plain(inputs[0]), axis]))]


def broadcast(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """BroadcastTo of a single number to a picture's shape."""
    value = known(inputs[0], node.operator)
    if value.ndim:
        raise NetworkError(f"{node.name}: only a number can be broadcast")
    return [Tensor(graph.emit("Expand", [graph.initialiser(value), graph.ordered(inputs[1], nchw=True)]), nchw=True)]


def transpose(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Transpose. Those between NHWC and NCHW are the exporter's own and only change what the tensor is taken for."""
    value = tensor(inputs[0], node.operator)
    order = tuple(int(axis) for axis in known(inputs[1], "an order of axes"))
    if order == NCHW_TO_NHWC and not value.nchw:
        return [Tensor(value.name, nchw=True)]
    if order == NHWC_TO_NCHW and value.nchw:
        return [Tensor(value.name)]
    return [Tensor(graph.emit("Transpose", [graph.plain(value)], {"perm": order}))]


def pack(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Pack: joins along a new axis."""
    axis = node.attributes["axis"]
    parts = [graph.emit("Unsqueeze", [graph.plain(each), graph.integers(axis)]) for each in inputs]
    return [Tensor(graph.emit("Concat", parts, {"axis": axis}))]


def concat(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """ConcatV2."""
    names, nchw = graph.same_order(inputs[:-1])
    return [Tensor(graph.emit("Concat", names, {"axis": onnx_axis(inputs[-1], nchw)}), nchw)]


def split(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Split into equal parts."""
    value, count = tensor(inputs[1], node.operator), node.attributes["num_split"]
    attributes = {"axis": onnx_axis(inputs[0], value.nchw), "num_outputs": count}
    return [Tensor(each, value.nchw) for each in graph.emit_several("Split", [value.name], count, attributes)]


def split_sizes(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """SplitV: into parts of these sizes."""
    value, sizes = tensor(inputs[0], node.operator), known(inputs[1], "the sizes of a split")
    names = [value.name, graph.integers(*sizes)]
    attributes = {"axis": onnx_axis(inputs[2], value.nchw)}
    return [Tensor(each, value.nchw) for each in graph.emit_several("Split", names, len(sizes), attributes)]


def cut(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """Slice: a size of -1 means all the rest."""
    value = tensor(inputs[0], node.operator)
    begin, size = (graph.ordered(each, value.nchw) for each in inputs[1:])
    rest = graph.emit("Less", [size, graph.integers(0)])
    end = graph.emit("Where", [rest, graph.integers(TO_THE_END), graph.emit("Add", [begin, size])])
    return [Tensor(graph.emit("Slice", [value.name, begin, end]), value.nchw)]


def strided_slice(graph: Graph, node: Node, inputs: Sequence[Value]) -> list[Value]:
    """StridedSlice with steps of 1: x[begin:end, index, :, ...]; bits of the masks say which entry is which."""
    begins, ends, strides = (known(each, "the bounds of a slice").tolist() for each in inputs[1:])
    masks = {key: node.attributes[key + "_mask"] for key in ("begin", "end", "shrink_axis", "new_axis", "ellipsis")}
    if masks["new_axis"] or masks["ellipsis"] or set(strides) != {1}:
        raise NetworkError(f"{node.name}: a slice of a kind that cannot be converted")
    name, slices, dropped = graph.plain(inputs[0]), [], []
    for axis, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        flags = {key for key, mask in masks.items() if mask >> axis & 1}
        if "shrink_axis" in flags:
            slices.append((begin, begin + 1 or TO_THE_END, axis, 1))
            dropped.append(axis)
        else:
            bounds = (0 if "begin" in flags else begin, TO_THE_END if "end" in flags else end)
            if bounds != (0, TO_THE_END):
                slices.append((*bounds, axis, 1))
    if slices:
        name = graph.emit("Slice", [name, *(graph.integers(*column) for column in zip(*slices, strict=True))])
    if dropped:
        name = graph.emit("Squeeze", [name, graph.integers(*dropped)])
    return [Tensor(name)]


def gather(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """GatherV2."""
    axis = onnx_axis(inputs[2], nchw=False)
    return [Tensor(graph.emit("Gather", [graph.plain(inputs[0]), graph.plain(inputs[1])], {"axis": axis}))]


def top_k(graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """TopKV2: the largest values of the last axis, and where they are."""
    count = graph.integers(int(known(inputs[1], "the count of the largest values")))
    return [Tensor(each) for each in graph.emit_several("TopK", [graph.plain(inputs[0]), count], 2, {"axis": -1})]


def sparse_to_dense(_graph: Graph, _node: Node, inputs: Sequence[Value]) -> list[Value]:
    """SparseToDense of constants."""
    indices, size, values, default = (known(each, "a sparse tensor") for each in inputs)
    dense = np.full(np.atleast_1d(size), default)
    for row, index in enumerate(np.atleast_1d(indices)):
        dense[tuple(np.atleast_1d(index))] = values if values.ndim == 0 else values[row]
    return [Constant(dense)]
