"""A network's file as a list of steps, checked: whatever cannot be done is said now, not in the middle of a run.

Of the file's nodes those are kept that the wanted outputs need. What follows from shapes and constants alone (sizes,
places, limits) is told from what follows from the picture, so that the former can stay where no GPU has to be waited
for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import helper, numpy_helper

from engine.errors import NetworkError
from engine.runtimes.torch.elementwise import KINDS
from engine.runtimes.torch.operator import Function, Tensor, UnknownError, bind
from engine.runtimes.torch.operators import OF_THE_SHAPE_ALONE, OPERATORS

# Versions of ONNX's standard operators that the functions were checked against.
OPSETS = range(11, 24)

_STANDARD = ("", "ai.onnx")
_ATTRIBUTES_OF_CONSTANTS = ("value", "value_float", "value_floats", "value_int", "value_ints")


@dataclass(frozen=True)
class Step:
    """One node. inputs: names of values and constants, "" for one that is left out. numbers: the positions of inputs
    that say how, not what. of_shapes: whether its outputs follow from shapes and constants alone. spent: the values
    that no later step reads."""

    operator: str
    function: Function
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: tuple[int, ...]
    of_shapes: bool
    spent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """input: the one that takes the picture. kind: of its elements. available: all outputs of the file."""

    input: str
    kind: torch.dtype
    outputs: tuple[str, ...]
    steps: tuple[Step, ...]
    constants: Mapping[str, Tensor]


def read_model(name: str, file: Path) -> onnx.ModelProto:
    """The file as it is. name: the network's. Raises NetworkError for one that is missing, damaged or not complete."""
    what = f"{name}: the network cannot be run"
    try:
        model = onnx.load_model_from_string(file.read_bytes())
    except (OSError, DecodeError) as error:
        raise NetworkError(what, f"{file}: {error}") from error
    if any(each.data_location == onnx.TensorProto.EXTERNAL for each in _tensors(model)):
        raise NetworkError(what, f"{file}: its weights are in another file", "Use an ONNX file that holds them itself")
    return model


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from model.graph.initializer
    for node in model.graph.node:
        yield from (each.t for each in node.attribute if each.type == onnx.AttributeProto.TENSOR)


def output_names(model: onnx.ModelProto) -> list[str]:
    """Of all outputs of a file."""
    return [each.name for each in model.graph.output]


def understand(name: str, file: Path, model: onnx.ModelProto, outputs: Sequence[str]) -> Graph:
    """The steps to these outputs. name: the network's. Raises NetworkError, which names what is not known here."""
    try:
        return _understand(model, outputs)
    except UnknownError as error:
        what, why = f"{name}: PyTorch's runtime cannot run the network", f"{file} wants {error}, which it does not know"
        raise NetworkError(what, why, "Set 'device: cpu', where ONNX Runtime runs it") from error
    except (ValueError, TypeError) as error:  # of onnx too, for damaged tensors
        raise NetworkError(f"{name}: the network cannot be run", f"{file}: {error}") from error


def _understand(model: onnx.ModelProto, outputs: Sequence[str]) -> Graph:
    opset = _opset(model)
    constants = {each.name: tensor_of(each) for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    if len(inputs) != 1:
        raise UnknownError(f"{len(inputs)} inputs")
    kind = _kind(inputs[0].type.tensor_type.elem_type)
    nodes = []
    for node in model.graph.node:
        if node.op_type == "Constant" and node.domain in _STANDARD:
            constants[node.output[0]] = _constant(node)
        else:
            nodes.append(node)
    needed = _needed(nodes, outputs)
    steps: list[Step] = []
    of_shapes = set(constants)
    made = {*constants, inputs[0].name}
    for node in needed:
        if missing := [each for each in node.input if each and each not in made]:
            raise ValueError(f"{node.op_type} reads '{missing[0]}' before anything makes it")
        step = _step(node, opset, of_shapes)
        steps.append(step)
        made.update(step.outputs)
        if step.of_shapes:
            of_shapes.update(step.outputs)
    if missing := [each for each in outputs if each not in made]:
        raise ValueError(f"it has no output '{missing[0]}'")
    read = {each for step in steps for each in step.inputs} | set(outputs)
    kept = {key: value for key, value in constants.items() if key in read}
    return Graph(inputs[0].name, kind, tuple(outputs), _with_spent(steps, {*outputs, *kept}), kept)


def _opset(model: onnx.ModelProto) -> int:
    versions = [each.version for each in model.opset_import if each.domain in _STANDARD]
    if not versions:
        raise ValueError("it is no ONNX file")
    if versions[0] not in OPSETS:
        raise UnknownError(f"version {versions[0]} of ONNX's operators")
    return int(versions[0])


def tensor_of(tensor: onnx.TensorProto) -> Tensor:
    """Raises ValueError for a damaged one, UnknownError for a kind of elements that is not known."""
    _kind(tensor.data_type)
    return torch.from_numpy(numpy_helper.to_array(tensor).copy())


def _kind(number: int) -> torch.dtype:
    if number not in KINDS:
        raise UnknownError(f"a tensor of {onnx.TensorProto.DataType.Name(number)}")
    return KINDS[number]


def _constant(node: onnx.NodeProto) -> Tensor:
    (attribute,) = node.attribute
    if attribute.name not in _ATTRIBUTES_OF_CONSTANTS:
        raise UnknownError(f"Constant with the attribute {attribute.name}")
    value = helper.get_attribute_value(attribute)
    return tensor_of(value) if attribute.name == "value" else torch.tensor(value)


def _needed(nodes: Sequence[onnx.NodeProto], outputs: Collection[str]) -> list[onnx.NodeProto]:
    """Those that the outputs follow from, in the file's order, which is that of the work (ONNX demands it)."""
    wanted = set(outputs)
    needed = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            needed.append(node)
            wanted.update(node.input)
    return needed[::-1]


def _step(node: onnx.NodeProto, opset: int, of_shapes: Collection[str]) -> Step:
    if node.domain not in _STANDARD or node.op_type not in OPERATORS:
        raise UnknownError(f"the operator {node.domain}{'.' if node.domain else ''}{node.op_type}")
    operator = OPERATORS[node.op_type]
    attributes = {each.name: _value(each) for each in node.attribute}
    count = max((place + 1 for place, each in enumerate(node.output) if each), default=0)
    function = bind(operator, node.op_type, attributes, len(node.input), count, opset)
    shown = [each for place, each in enumerate(node.input) if each and place not in operator.numbers]
    here = node.op_type in OF_THE_SHAPE_ALONE or all(each in of_shapes for each in shown)
    return Step(node.op_type, function, tuple(node.input), tuple(node.output[:count]), operator.numbers, here)


def _value(attribute: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    return tensor_of(value) if isinstance(value, onnx.TensorProto) else value


def _with_spent(steps: Sequence[Step], kept: Collection[str]) -> tuple[Step, ...]:
    """The steps, each knowing which values it is the last to read, or makes for nobody."""
    seen = set(kept)
    done = []
    for step in reversed(steps):
        spent = tuple(each for each in dict.fromkeys((*step.inputs, *step.outputs)) if each and each not in seen)
        seen.update(spent)
        done.append(Step(step.operator, step.function, step.inputs, step.outputs, step.numbers, step.of_shapes, spent))
    return tuple(done[::-1])
