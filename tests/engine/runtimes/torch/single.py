"""One operator as a network of one node, run by PyTorch's runtime and by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper

from engine.runtimes.torch.graph import understand
from engine.runtimes.torch.precision import FULL
from engine.runtimes.torch.program import Program

Array = npt.NDArray[Any]


def single(
    operator: str,
    inputs: Sequence[Array | None],
    *,
    opset: int = 18,
    outputs: int = 1,
    domain: str = "",
    **attributes: Any,
) -> onnx.ModelProto:
    """The first input comes in, the others are constants in the file; None: one that is left out."""
    names = [f"x{place}" if each is not None else "" for place, each in enumerate(inputs)]
    results = [f"y{place}" for place in range(outputs)]
    first, *others = inputs
    assert first is not None
    kind = helper.np_dtype_to_tensor_dtype(first.dtype)
    graph = helper.make_graph(
        [helper.make_node(operator, names, results, **attributes)],
        operator,
        [helper.make_tensor_value_info("x0", kind, [None] * first.ndim)],
        [helper.make_empty_tensor_value_info(each) for each in results],
        [numpy_helper.from_array(each, name) for each, name in zip(others, names[1:], strict=True) if each is not None],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def by_torch(model: onnx.ModelProto, value: Array) -> list[Array]:
    names = [each.name for each in model.graph.output]
    program = Program(understand("single", Path("single.onnx"), model, names), torch.device("cpu"), FULL)
    return [each.numpy() for each in program.run(torch.from_numpy(value))]


def by_onnx_runtime(model: onnx.ModelProto, value: Array) -> list[Array]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return list(session.run(None, {model.graph.input[0].name: value}))


def assert_same(operator: str, *inputs: Array | None, opset: int = 18, outputs: int = 1, **attributes: Any) -> None:
    """Both give the same: shapes, kinds of elements, and numbers but for rounding."""
    model = single(operator, inputs, opset=opset, outputs=outputs, **attributes)
    value = inputs[0]
    assert value is not None
    for theirs, ours in zip(by_onnx_runtime(model, value), by_torch(model, value), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5, strict=True)


def noise(*shape: int, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def whole(*numbers: int) -> npt.NDArray[np.int64]:
    return np.array(numbers, np.int64)
