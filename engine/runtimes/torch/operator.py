"""What an operator of ONNX is here: a function of tensors, its attributes being its keywords.

A function's positional parameters are the operator's inputs, None where one that may be missing is missing; its
keywords are the operator's attributes, with ONNX's defaults; so its signature says what it knows, and whatever a file
asks for beyond that is refused when the file is read. Two keywords are no attributes: `opset`, the version of the
standard that the file keeps to, where the meaning differs between versions; and `outputs`, how many the file wants.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

Tensor = torch.Tensor
Function = Callable[..., Any]

# For `outputs`: as many as the file wants.
ANY = 1 << 16

_CONTEXT = ("opset", "outputs")


class UnknownError(Exception):
    """Something in a file that nothing here knows, as a phrase that names it."""


@dataclass(frozen=True)
class Operator:
    """One operator. function: see above; gives a tensor, or a sequence of them.

    numbers: the positions of the inputs that say how, not what (a shape, an axis, a limit): the function reads their
    values, so they are kept where that makes nobody wait for a GPU. known: the values of an attribute that are known,
    where that is not all; one that is no keyword can have no other. idle: attributes that change nothing where nothing
    is trained. outputs: the most that the function gives.
    """

    function: Function
    numbers: tuple[int, ...] = ()
    known: Mapping[str, Collection[object]] = field(default_factory=dict)
    idle: tuple[str, ...] = ()
    outputs: int = 1


def bind(
    operator: Operator, name: str, attributes: Mapping[str, Any], inputs: int, outputs: int, opset: int
) -> Function:
    """The function with a node's attributes. name: the operator's. inputs, outputs: how many the node has.

    Raises UnknownError where the node asks for something that the function does not know.
    """
    parameters = inspect.signature(operator.function).parameters.values()
    keywords = {each.name: each.default for each in parameters if each.kind is each.KEYWORD_ONLY}
    given = {key: value for key, value in attributes.items() if key not in operator.idle}
    for key, value in given.items():
        if key in _CONTEXT or key not in (*keywords, *operator.known):
            raise UnknownError(f"{name} with the attribute {key}")
        if key in operator.known and value not in operator.known[key]:
            raise UnknownError(f"{name} with {key} {value}")
    for key, default in keywords.items():
        if default is inspect.Parameter.empty and key not in (*given, *_CONTEXT):
            raise UnknownError(f"{name} without the attribute {key}")
    if outputs > operator.outputs:
        raise UnknownError(f"{name} with {outputs} outputs")
    _check_inputs(name, parameters, inputs)
    context = {key: value for key, value in (("opset", opset), ("outputs", outputs)) if key in keywords}
    return partial(operator.function, **{key: value for key, value in given.items() if key in keywords}, **context)


def _check_inputs(name: str, parameters: Collection[inspect.Parameter], inputs: int) -> None:
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return
    positional = [each for each in parameters if each.kind is not each.KEYWORD_ONLY]
    least = sum(each.default is each.empty for each in positional)
    if not least <= inputs <= len(positional):
        raise UnknownError(f"{name} with {inputs} inputs")
