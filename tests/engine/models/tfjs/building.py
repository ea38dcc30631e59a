"""Small TensorFlow.js graph models, written as the exporter writes them, and what ONNX Runtime makes of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from engine.models.tfjs.convert import convert_graph

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]


class Builder:
    """Nodes and weights of one model. Every method that adds a node returns its name."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.specs: list[dict[str, Any]] = []
        self.data = b""

    def node(self, operator: str, inputs: Sequence[str] = (), name: str = "", **attributes: Any) -> str:
        name = name or f"node{len(self.nodes)}"
        encoded = {key: _encoded(value) for key, value in attributes.items()}
        self.nodes.append({"name": name, "op": operator, "input": list(inputs), "attr": encoded})
        return name

    def picture(self, *shape: int, name: str = "in") -> str:
        """An input; -1 for a side that varies."""
        return self.node("Placeholder", name=name, shape=tuple(shape), dtype="DT_FLOAT")

    def constant(self, value: npt.ArrayLike, name: str = "") -> str:
        array = np.asarray(value)
        kinds = {"f": ("float32", np.float32), "i": ("int32", np.int32), "b": ("bool", np.bool_)}
        kind, stored = kinds[array.dtype.kind]
        return self.weight(name, {"dtype": kind, "shape": list(array.shape)}, array.astype(stored).tobytes())

    def weight(self, name: str, spec: Mapping[str, Any], data: bytes) -> str:
        name = self.node("Const", name=name)
        self.specs.append({"name": name, **spec})
        self.data += data
        return name

    def files(self, **outputs: tuple[str, tuple[int, ...]]) -> tuple[bytes, bytes]:
        """The .json and the .bin file. outputs: the tensor and the shape of each."""
        described = {
            key: {
                "name": tensor,
                "dtype": "DT_FLOAT",
                "tensorShape": {"dim": [{"size": str(size)} for size in shape]},
            }
            for key, (tensor, shape) in outputs.items()
        }
        content = {
            "modelTopology": {"node": self.nodes},
            "signature": {"outputs": described},
            "weightsManifest": [{"paths": ["model.bin"], "weights": self.specs}],
        }
        return json.dumps(content).encode(), self.data


def _encoded(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"b": value}
        case int():
            return {"i": str(value)}
        case float():
            return {"f": value}
        case str():
            return {"type": value} if value.startswith("DT_") else {"s": base64.b64encode(value.encode()).decode()}
        case tuple():
            return {"shape": {"dim": [{"size": str(size)} for size in value]}}
        case _:
            items = [_encoded(each) for each in value]
            kind = next(iter(items[0])) if items else "i"
            return {"list": {kind: [each[kind] for each in items]}}


def run(model: bytes, inputs: Mapping[str, Array]) -> list[Floats]:
    """The outputs of an ONNX file, in the order of its outputs."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return [np.asarray(each) for each in session.run(None, dict(inputs))]


def result(builder: Builder, tensor: str, source: Array) -> Floats:
    """The one output of a model whose input is `in`."""
    rank = 4  # only inputs need their true rank; an output's is found by ONNX Runtime
    (output,) = run(convert_graph(*builder.files(out=(tensor, (-1,) * rank)), name="small"), {"in": source})
    return output


def noise(*shape: int, seed: int = 0) -> Floats:
    """Numbers between -3 and 3."""
    return np.random.default_rng(seed).uniform(-3, 3, shape).astype(np.float32)
