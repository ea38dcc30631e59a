"""A TensorFlow.js graph model as an ONNX model: walks the graph from its outputs and converts node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper

from engine.errors import NetworkError
from engine.models.tfjs.graph import NHWC_TO_NCHW, ONNX_TYPES, Constant, Graph, Tensor, Value, known
from engine.models.tfjs.model import Array, Model, Node, Output, Reference, read_model
from engine.models.tfjs.operators import FOLDED, OPERATORS

OPSET = 18
IR_VERSION = 8  # that of opset 18

# The outputs of the nodes so far; None, or an output past the list's end, is in a branch that is not taken.
Results = dict[str, list[Value | None]]


def convert_graph(description: bytes, weights: bytes, name: str) -> bytes:
    """The ONNX file of a .json file and its .bin file, with the signature's inputs and outputs as they are."""
    model = read_model(description, weights)
    return _convert(model, model.outputs, name, {}, nchw=False)


def convert_rvm(description: bytes, weights: bytes) -> bytes:
    """The ONNX file of RVM for single pictures: input src, outputs fgr and pha, all NCHW with any height and width.

    The graph tests twice whether downsample_ratio is 1 and takes one of two branches; here it is 1, which leaves the
    refiner out. The recurrent states r1i to r4i are 0: every picture is a first frame.
    """
    model = read_model(description, weights)
    fixed: dict[str, Array] = {f"r{index}i": np.array(0, np.float32) for index in (1, 2, 3, 4)}
    fixed["downsample_ratio"] = np.array(1, np.float32)
    outputs = [each for each in model.outputs if each.name in ("fgr", "pha")]
    return _convert(model, outputs, "rvm_mobilenetv3", fixed, nchw=True)


def _convert(model: Model, outputs: Sequence[Output], name: str, fixed: Mapping[str, Array], *, nchw: bool) -> bytes:
    """fixed: nodes replaced by a number. nchw: 4-D inputs and outputs are NCHW where TensorFlow has NHWC."""
    graph = Graph()
    results: Results = {}
    for node in _in_order(model, outputs, fixed):
        if node.name in fixed:
            results[node.name] = [Constant(fixed[node.name])]
        elif node.operator == "Const":
            results[node.name] = [Constant(model.weights[node.name])]
        elif node.operator == "Placeholder":
            results[node.name] = [_input(graph, node, nchw=nchw)]
        else:
            results[node.name] = _build(graph, node, [_result(results, each) for each in node.inputs])
    infos = []
    for output in outputs:
        value, shape = _result(results, output.source), output.shape
        if value is None:
            raise NetworkError(f"output {output.name} is in a branch that is not taken")
        if nchw and len(shape) == 4:
            source, shape = graph.image(value), tuple(shape[axis] for axis in NHWC_TO_NCHW)
        else:
            source = graph.plain(value)
        graph.nodes.append(helper.make_node("Identity", [source], [output.name]))
        infos.append(helper.make_tensor_value_info(output.name, ONNX_TYPES[output.kind], shape))
    nodes, needed = _needed(graph.nodes, {each.name for each in outputs})
    constants = [each for each in graph.initialisers if each.name in needed]
    result = helper.make_model(
        helper.make_graph(nodes, name, graph.inputs, infos, constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="tfjs2onnx",
    )
    onnx.checker.check_model(result)
    return bytes(result.SerializeToString())


def _in_order(model: Model, outputs: Sequence[Output], fixed: Mapping[str, Array]) -> list[Node]:
    """The nodes that the outputs need, each after those it needs itself."""
    graph: dict[str, list[str]] = {}
    todo = [each.source.node for each in outputs]
    while todo:
        name = todo.pop()
        if name in graph:
            continue
        if name not in model.nodes:
            raise NetworkError(f"there is no node {name}")
        graph[name] = [] if name in fixed else [each.node for each in model.nodes[name].inputs]
        todo += graph[name]
    try:
        return [model.nodes[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise NetworkError("a graph with loops cannot be converted") from error


def _result(results: Results, reference: Reference) -> Value | None:
    outputs = results[reference.node]
    return outputs[reference.output] if reference.output < len(outputs) else None


def _input(graph: Graph, node: Node, *, nchw: bool) -> Tensor:
    sizes = node.attributes["shape"]
    if node.attributes["dtype"] != "DT_FLOAT" or sizes is None or len(sizes) != 4:
        raise NetworkError(f"input {node.name} is not a picture of floating-point numbers")
    shape = [size if size >= 0 else axis for size, axis in zip(sizes, "NHWC", strict=True)]
    if nchw:
        shape = [shape[axis] for axis in NHWC_TO_NCHW]
    graph.inputs.append(helper.make_tensor_value_info(node.name, TensorProto.FLOAT, shape))
    return Tensor(node.name, nchw)


def _build(graph: Graph, node: Node, inputs: Sequence[Value | None]) -> list[Value | None]:
    alive = [each for each in inputs if each is not None]
    if node.operator == "Merge":
        if len(alive) != 1:
            raise NetworkError(f"{node.name}: which branch is taken is not known at conversion")
        return [alive[0]]
    if len(alive) != len(inputs):
        return []
    if node.operator == "Switch":  # outputs: taken where the condition is false, where it is true
        condition = known(alive[1], f"the condition of {node.name}")
        return [None, alive[0]] if condition else [alive[0], None]
    constants = [each.array for each in alive if isinstance(each, Constant)]
    if node.operator in FOLDED and len(constants) == len(alive):
        return [Constant(np.asarray(FOLDED[node.operator](*constants)))]
    if node.operator not in OPERATORS:
        raise NetworkError(f"operator {node.operator} ({node.name}) cannot be converted")
    return [*OPERATORS[node.operator](graph, node, alive)]


def _needed(nodes: Sequence[NodeProto], outputs: set[str]) -> tuple[list[NodeProto], set[str]]:
    """The nodes that the outputs need, and the names of all tensors those read or write."""
    names, kept = set(outputs), []
    for node in reversed(nodes):
        if names.intersection(node.output):
            kept.append(node)
            names.update(node.input)
    return kept[::-1], names
