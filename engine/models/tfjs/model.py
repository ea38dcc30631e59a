"""Reading a TensorFlow.js graph model: nodes and signature from the JSON file, weights from the .bin file.

The format is that of the "tfjs-graph-model" files that tensorflowjs_converter writes.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.errors import NetworkError

Array = npt.NDArray[Any]


class Reference(NamedTuple):
    """One output of a node."""

    node: str
    output: int


@dataclass(frozen=True)
class Node:
    """One operation. inputs: those that carry data, without control edges. attributes: decoded."""

    name: str
    operator: str
    inputs: tuple[Reference, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Output:
    """One output that the signature names. kind: TensorFlow's type ("DT_FLOAT"); shape: None where it varies."""

    name: str
    source: Reference
    kind: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Model:
    """A graph model. weights: by name; integers as int64, all other numbers as float32. outputs: sorted by name."""

    nodes: Mapping[str, Node]
    weights: Mapping[str, Array]
    outputs: tuple[Output, ...]


def read_model(description: bytes, weights: bytes) -> Model:
    """The model of a .json file and its one .bin file. Raises NetworkError where they are something else."""
    content = json.loads(description)
    if "node" not in content.get("modelTopology", {}) or "outputs" not in content.get("signature", {}):
        raise NetworkError("not a TensorFlow.js graph model with a signature")
    nodes = {each["name"]: _read_node(each) for each in content["modelTopology"]["node"]}
    specs = [spec for group in content["weightsManifest"] for spec in group["weights"]]
    outputs = sorted(_read_output(key, spec) for key, spec in content["signature"]["outputs"].items())
    return Model(nodes, _read_weights(specs, weights), tuple(Output(*each) for each in outputs))


def _reference(text: str) -> Reference:
    name, _, output = text.partition(":")
    return Reference(name, int(output or 0))


def _read_node(node: Mapping[str, Any]) -> Node:
    inputs = tuple(_reference(each) for each in node.get("input", ()) if not each.startswith("^"))
    attributes = {key: _decode(*next(iter(each.items()))) for key, each in node.get("attr", {}).items() if each}
    return Node(node["name"], node["op"], inputs, attributes)


def _decode(kind: str, content: Any) -> Any:
    """The JSON holds integers as strings and strings in base64."""
    match kind:
        case "list":
            return [_decode(item_kind, item) for item_kind, items in content.items() for item in items]
        case "s":
            return base64.b64decode(content).decode()
        case "i":
            return int(content)
        case "shape":
            return tuple(int(each["size"]) for each in content["dim"]) if "dim" in content else None
        case _:
            return content


def _read_output(key: str, spec: Mapping[str, Any]) -> tuple[str, Reference, str, tuple[int | None, ...]]:
    sizes = [int(each["size"]) for each in spec["tensorShape"]["dim"]]
    shape = tuple(size if size >= 0 else None for size in sizes)
    return key.removesuffix(":0"), _reference(spec["name"]), spec["dtype"], shape


def _read_weights(specs: list[Mapping[str, Any]], data: bytes) -> dict[str, Array]:
    """Float16 and linearly quantised weights become float32."""
    weights: dict[str, Array] = {}
    offset = 0
    for spec in specs:
        quantisation = spec.get("quantization")
        stored = np.dtype((quantisation or spec)["dtype"])
        count = math.prod(spec["shape"])
        if offset + count * stored.itemsize > len(data):
            raise NetworkError(f"the weights end before {spec['name']}")
        array: Array = np.frombuffer(data, stored, count, offset)
        offset += array.nbytes
        if quantisation and "scale" in quantisation:
            array = array.astype(np.float64) * quantisation["scale"] + quantisation["min"]
        final = np.int64 if spec["dtype"] == "int32" else np.dtype(spec["dtype"])
        weights[spec["name"]] = array.astype(final).reshape(spec["shape"])
    if offset != len(data):
        raise NetworkError(f"{len(data) - offset} bytes are left over after the last weight")
    return weights
