"""Runs a graph step by step on one device, and frees each tensor after its last use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from engine.runtimes.torch.graph import Graph, Step
from engine.runtimes.torch.operator import Tensor
from engine.runtimes.torch.precision import Precision

_CPU = torch.device("cpu")
_CONVERTED = (torch.float16, torch.float32)


class Program:
    """A graph whose constants lie where they are needed, in the precision in which they are needed."""

    def __init__(self, graph: Graph, device: torch.device, precision: Precision) -> None:
        self._graph, self._device, self._precision = graph, device, precision
        self._placed: dict[tuple[str, torch.device, torch.dtype, bool], Tensor] = {}
        count = len(graph.steps)
        self._kinds = [precision.of(step.operator, place / count) for place, step in enumerate(graph.steps)]
        self._constants = [self._constants_of(*each) for each in zip(graph.steps, self._kinds, strict=True)]

    def run(self, picture: Tensor) -> tuple[Tensor, ...]:
        """The graph's outputs, in the CPU's memory, of the kinds that the file gives. picture: in the CPU's memory too.

        Raises what PyTorch raises.
        """
        with torch.inference_mode():
            values = {self._graph.input: picture.to(self._device, self._graph.kind)}
            for step, kind, constants in zip(self._graph.steps, self._kinds, self._constants, strict=True):
                self._do(step, kind, constants, values)
            return tuple(self._result(each, values) for each in self._graph.outputs)

    def _result(self, name: str, values: Mapping[str, Tensor]) -> Tensor:
        found = values[name] if name in values else self._graph.constants[name]
        return found.to(_CPU, torch.float32 if self._precision.half and found.dtype == torch.float16 else found.dtype)

    def _do(self, step: Step, kind: torch.dtype, constants: Mapping[int, Tensor], values: dict[str, Tensor]) -> None:
        inputs: list[Tensor | None] = []
        for position, name in enumerate(step.inputs):
            if position in constants:
                inputs.append(constants[position])
            else:
                inputs.append(self._placed_for(step, position, kind, values[name]) if name else None)
        made = step.function(*inputs)
        del inputs
        outputs: Sequence[Tensor] = (made,) if isinstance(made, torch.Tensor) else made
        values.update(zip(step.outputs, outputs, strict=False))
        for name in step.spent:
            del values[name]

    def _constants_of(self, step: Step, kind: torch.dtype) -> dict[int, Tensor]:
        found = {}
        for position, name in enumerate(step.inputs):
            if name in self._graph.constants:
                found[position] = self._placed_constant(step, position, kind, name)
        return found

    def _placed_constant(self, step: Step, position: int, kind: torch.dtype, name: str) -> Tensor:
        placed = self._placed_for(step, position, kind, self._graph.constants[name])
        lined_up = self._precision.channels_last and step.operator == "Conv" and placed.dim() == 4
        key = (name, placed.device, placed.dtype, lined_up)
        if key not in self._placed:
            self._placed[key] = placed.contiguous(memory_format=torch.channels_last) if lined_up else placed
        return self._placed[key]

    def _placed_for(self, step: Step, position: int, kind: torch.dtype, value: Tensor) -> Tensor:
        """A value where a step reads it, and as what. kind: of the step."""
        if step.of_shapes or position in step.numbers:
            return value.to(_CPU)
        wanted = kind if self._precision.half and value.dtype in _CONVERTED else value.dtype
        return value.to(wanted) if value.device == self._device else _carried(value, self._device, wanted)


def _carried(value: Tensor, device: torch.device, kind: torch.dtype) -> Tensor:
    """To the device; what was expanded travels as what it was expanded from."""
    for axis, stride in enumerate(value.stride()):
        if stride == 0 and value.shape[axis] > 1:
            value, whole = value.narrow(axis, 0, 1), value.shape
            return _carried(value, device, kind).expand(whole)
    return value.to(device, kind)
