"""The ONNX graph while it is being built.

TensorFlow's pictures are NHWC, ONNX's convolutions NCHW. Every tensor remembers in which of the two orders its ONNX
counterpart is stored, and a Transpose is written only where an operator needs the other order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from engine.errors import NetworkError
from engine.models.tfjs.model import Array

NHWC_TO_NCHW = (0, 3, 1, 2)
NCHW_TO_NHWC = (0, 2, 3, 1)

ONNX_TYPES = {
    "DT_FLOAT": TensorProto.FLOAT,
    "DT_INT32": TensorProto.INT64,  # integers are int64 throughout: what ONNX wants for shapes and indices
    "DT_BOOL": TensorProto.BOOL,
}


@dataclass(frozen=True)
class Constant:
    """A value known at conversion, in TensorFlow's axis order."""

    array: Array


@dataclass(frozen=True)
class Tensor:
    """A value known at run time. nchw: stored as NCHW where TensorFlow has NHWC.

    dilation: steps of a dilated convolution, set between SpaceToBatchND and the convolution that follows it.
    """

    name: str
    nchw: bool = False
    dilation: tuple[int, int] | None = None


Value = Constant | Tensor


def known(value: Value, what: str) -> Array:
    """A constant's array. Raises NetworkError where the value is known at run time alone."""
    if isinstance(value, Tensor):
        raise NetworkError(f"{what} can be converted as a constant only")
    return value.array


def tensor(value: Value, what: str) -> Tensor:
    """A run-time value. Raises NetworkError for a constant."""
    if isinstance(value, Constant):
        raise NetworkError(f"{what} of a constant cannot be converted")
    return value


class Graph:
    """Collects ONNX nodes, constants and inputs. Names are counted, so the same model gives the same bytes."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.inputs: list[ValueInfoProto] = []
        self._initialisers: dict[tuple[str, tuple[int, ...], bytes], TensorProto] = {}
        self._transposed: dict[tuple[str, Sequence[int]], str] = {}

    @property
    def initialisers(self) -> list[TensorProto]:
        """The constants, in the order in which they were first needed."""
        return list(self._initialisers.values())

    def emit(self, operator: str, inputs: Sequence[str], attributes: Mapping[str, Any] = MappingProxyType({})) -> str:
        """Appends an ONNX node with one output; the output's name."""
        return self.emit_several(operator, inputs, 1, attributes)[0]

    def emit_several(
        self, operator: str, inputs: Sequence[str], count: int, attributes: Mapping[str, Any] = MappingProxyType({})
    ) -> list[str]:
        """Appends an ONNX node with `count` outputs; their names."""
        names = [f"t{len(self.nodes)}_{index}" for index in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def initialiser(self, array: Array) -> str:
        """The name of a constant; equal constants share one."""
        array = np.array(array, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._initialisers:
            self._initialisers[key] = numpy_helper.from_array(array, f"c{len(self._initialisers)}")
        return str(self._initialisers[key].name)

    def integers(self, *numbers: int) -> str:
        """The name of a constant int64 vector."""
        return self.initialiser(np.array(numbers, np.int64))

    def plain(self, value: Value) -> str:
        """The ONNX name of a value in TensorFlow's axis order."""
        if isinstance(value, Constant):
            return self.initialiser(value.array)
        return self._transpose(value.name, NCHW_TO_NHWC) if value.nchw else value.name

    def image(self, value: Value) -> str:
        """The ONNX name of a 4-D value in NCHW order; a constant becomes what broadcasts to it in that order."""
        if isinstance(value, Constant):
            array = value.array
            if array.ndim:
                array = array.reshape((1,) * (4 - array.ndim) + array.shape).transpose(NHWC_TO_NCHW)
            return self.initialiser(array)
        return value.name if value.nchw else self._transpose(value.name, NHWC_TO_NCHW)

    def same_order(self, values: Sequence[Value]) -> tuple[list[str], bool]:
        """ONNX names in one axis order, and whether it is NCHW; for element-wise operators and joins."""
        tensors = [each for each in values if isinstance(each, Tensor)]
        nchw = bool(tensors) and all(each.nchw for each in tensors)
        return [(self.image if nchw else self.plain)(each) for each in values], nchw

    def ordered(self, vector: Value, nchw: bool) -> str:
        """The ONNX name of a 4-vector with one number an axis, permuted where the tensor it is about is NCHW."""
        name = self.plain(vector)
        return self.emit("Gather", [name, self.integers(*NHWC_TO_NCHW)], {"axis": 0}) if nchw else name

    def _transpose(self, name: str, order: Sequence[int]) -> str:
        if (name, order) not in self._transposed:
            self._transposed[name, order] = self.emit("Transpose", [name], {"perm": order})
        return self._transposed[name, order]


def onnx_axis(value: Value, nchw: bool) -> int:
    """ONNX's axis number for a constant with TensorFlow's."""
    number = int(known(value, "an axis"))
    return NHWC_TO_NCHW.index(number % 4) if nchw else number
