"""An ncnn network (.param and .bin) as an ONNX model, with numpy and onnx alone; the layers are those of SPAN.

The formats are described in ncnn's wiki: "param and model file structure", "operation param weight table".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from engine.errors import NetworkError

MAGIC = "7767517"
OPSET = 17
IR_VERSION = 8  # that of opset 17
TAG_FLOAT32, TAG_FLOAT16 = 0, 0x01306B47  # before a convolution's weights
BINARY_OPERATIONS = {0: "Add", 1: "Sub", 2: "Mul"}

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Layer:
    """One line of the .param file. inputs: past the copies that Split makes."""

    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    parameters: Mapping[int, str]

    def integer(self, key: int, default: int = 0) -> int:
        return int(self.parameters.get(key, default))


class _Weights:
    """The .bin file, read from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data, self.offset = data, 0

    @property
    def left(self) -> int:
        return len(self.data) - self.offset

    def plain(self, count: int) -> Floats:
        return self._take(np.dtype("<f4"), count).astype(np.float32)

    def tagged(self, count: int) -> Floats:
        tag = int(self._take(np.dtype("<u4"), 1)[0])
        if tag == TAG_FLOAT32:
            return self.plain(count)
        if tag != TAG_FLOAT16:
            raise NetworkError(f"weights stored as {tag:#x} cannot be converted")
        array = self._take(np.dtype("<f2"), count).astype(np.float32)
        self.offset += -self.offset % 4  # padded to a multiple of 4 bytes
        return array

    def _take(self, kind: np.dtype[Any], count: int) -> npt.NDArray[Any]:
        if kind.itemsize * count > self.left:
            raise NetworkError("the .bin file is too short for the .param file")
        array = np.frombuffer(self.data, kind, count, self.offset)
        self.offset += array.nbytes
        return array


@dataclass
class _Graph:
    """The ONNX graph while it is being built."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def constant(self, name: str, array: npt.ArrayLike) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        return name

    def emit(self, operator: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Any]) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output


def convert_ncnn(param: bytes, weights: bytes, name: str) -> bytes:
    """The ONNX file of a .param file and its .bin file: one picture [1, 3, H, W] in, the last layer's output out.

    Raises NetworkError where the files are something else or have other layers than SPAN's.
    """
    lines = param.decode().split("\n")
    if lines[0].strip() != MAGIC:
        raise NetworkError("not an ncnn .param file")
    graph, reader, source = _Graph(), _Weights(weights), ""
    copies: dict[str, str] = {}
    for line in filter(str.strip, lines[2:]):
        kind, layer = _read_layer(line, copies)
        if kind == "Input":
            source = layer.outputs[0]
        elif kind == "Split":
            copies.update(dict.fromkeys(layer.outputs, layer.inputs[0]))
        elif kind in _LAYERS:
            _LAYERS[kind](graph, layer, reader)
        else:
            raise NetworkError(f"layer {kind} ({layer.name}) cannot be converted")
    if reader.left:
        raise NetworkError(f"{reader.left} bytes are left over after the last weight")
    if not source or not graph.nodes:
        raise NetworkError("an ncnn network without an input or without layers")
    return _finish(graph, source, name)


def _finish(graph: _Graph, source: str, name: str) -> bytes:
    inputs = [helper.make_tensor_value_info(source, TensorProto.FLOAT, [1, 3, "height", "width"])]
    outputs = [helper.make_tensor_value_info(graph.nodes[-1].output[0], TensorProto.FLOAT, [1, 3, None, None])]
    model = helper.make_model(
        helper.make_graph(graph.nodes, name, inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="ncnn2onnx",
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _read_layer(line: str, copies: Mapping[str, str]) -> tuple[str, _Layer]:
    kind, name, input_count, output_count, *rest = line.split()
    middle, end = int(input_count), int(input_count) + int(output_count)
    parameters = dict(each.split("=", 1) for each in rest[end:])
    inputs = [copies.get(each, each) for each in rest[:middle]]
    return kind, _Layer(name, inputs, rest[middle:end], {int(key): value for key, value in parameters.items()})


def _memory_data(graph: _Graph, layer: _Layer, weights: _Weights) -> None:
    shape = [layer.integer(key) for key in (2, 1, 0) if layer.integer(key)]
    graph.constant(layer.outputs[0], weights.plain(int(np.prod(shape))).reshape([1, *shape]))


def _convolution(graph: _Graph, layer: _Layer, weights: _Weights) -> None:
    filters, width = layer.integer(0), layer.integer(1)
    if layer.integer(9):
        raise NetworkError(f"{layer.name}: a fused activation cannot be converted")
    height = layer.integer(11, width)
    kernel = weights.tagged(layer.integer(6)).reshape(filters, -1, height, width)
    inputs = [layer.inputs[0], graph.constant(layer.name + "_weight", kernel)]
    if layer.integer(5):
        inputs.append(graph.constant(layer.name + "_bias", weights.plain(filters)))
    attributes = {
        "kernel_shape": [height, width],
        "strides": [layer.integer(3, 1)] * 2,
        "pads": [layer.integer(4)] * 4,
        "dilations": [layer.integer(2, 1)] * 2,
    }
    graph.emit("Conv", inputs, layer.outputs[0], attributes)


def _binary(graph: _Graph, layer: _Layer, _weights: _Weights) -> None:
    if layer.integer(0) not in BINARY_OPERATIONS:
        raise NetworkError(f"{layer.name}: operation {layer.integer(0)} cannot be converted")
    inputs = list(layer.inputs)
    if layer.integer(1):  # with a number
        inputs.append(graph.constant(layer.name + "_number", float(layer.parameters[2])))
    graph.emit(BINARY_OPERATIONS[layer.integer(0)], inputs, layer.outputs[0], {})


def _sigmoid(graph: _Graph, layer: _Layer, _weights: _Weights) -> None:
    graph.emit("Sigmoid", layer.inputs, layer.outputs[0], {})


def _swish(graph: _Graph, layer: _Layer, _weights: _Weights) -> None:
    gate = graph.emit("Sigmoid", layer.inputs, layer.outputs[0] + "_sigmoid", {})
    graph.emit("Mul", [layer.inputs[0], gate], layer.outputs[0], {})


def _concat(graph: _Graph, layer: _Layer, _weights: _Weights) -> None:
    graph.emit("Concat", layer.inputs, layer.outputs[0], {"axis": 1})


def _pixel_shuffle(graph: _Graph, layer: _Layer, _weights: _Weights) -> None:
    graph.emit("DepthToSpace", layer.inputs, layer.outputs[0], {"blocksize": layer.integer(0), "mode": "CRD"})


_LAYERS: Mapping[str, Callable[[_Graph, _Layer, _Weights], None]] = {
    "MemoryData": _memory_data,
    "Convolution": _convolution,
    "BinaryOp": _binary,
    "Sigmoid": _sigmoid,
    "Swish": _swish,
    "Concat": _concat,
    "PixelShuffle": _pixel_shuffle,
}
