"""ONNX Runtime: real files of small networks, and files that are none."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

from engine.errors import NetworkError
from engine.models.catalogue import Network, Tensors
from engine.runtimes.onnx import OnnxRuntime
from tests.engine.models.making import network

HALF_AND_DOUBLE = replace(
    network(name="arithmetic"), tensors=Tensors("x", ("half", "double"), "NCHW", "RGB", (0, 0, 0), (1, 1, 1))
)


@pytest.fixture
def arithmetic(tmp_path: Path) -> Path:
    """A network file whose outputs are, in this order: x + 1, 2 x, x / 2."""
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("more", "double", "half")]
    constants = [helper.make_tensor(name, TensorProto.FLOAT, [], [value]) for name, value in (("one", 1), ("two", 2))]
    nodes = [
        helper.make_node("Add", ["x", "one"], ["more"]),
        helper.make_node("Mul", ["x", "two"], ["double"]),
        helper.make_node("Div", ["x", "two"], ["half"]),
    ]
    graph = helper.make_graph(nodes, "arithmetic", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = tmp_path / "arithmetic 网络.onnx"
    file.write_bytes(model.SerializeToString())
    return file


def test_it_gives_the_outputs_that_the_catalogue_names_in_its_order(arithmetic: Path) -> None:
    session = OnnxRuntime(1).load(HALF_AND_DOUBLE, arithmetic)
    half, double = session.run(np.array([1, 2, 3], np.float32))
    assert half.tolist() == [0.5, 1, 1.5]
    assert double.tolist() == [2, 4, 6]
    assert half.dtype == np.float32


def test_it_runs_again_with_another_size(arithmetic: Path) -> None:
    session = OnnxRuntime(1).load(HALF_AND_DOUBLE, arithmetic)
    for length in (5, 100_000, 1):
        half, _ = session.run(np.ones(length, np.float32))
        assert half.tolist() == [0.5] * length


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x08\x12\x00" * 50])
def test_a_file_that_is_no_network_is_an_error_that_names_both(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(content)
    cannot_be_run(HALF_AND_DOUBLE, file)


def test_a_missing_file_is_an_error_that_names_both(tmp_path: Path) -> None:
    cannot_be_run(HALF_AND_DOUBLE, tmp_path / "missing.onnx")


def cannot_be_run(record: Network, file: Path) -> None:
    with pytest.raises(NetworkError) as refused:
        OnnxRuntime(1).load(record, file)
    assert refused.value.what == "arithmetic: the network cannot be run"
    assert refused.value.why.startswith(f"{file}: ")
    assert refused.value.__cause__ is not None


@pytest.mark.parametrize(("before", "after"), [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")])
def test_nothing_is_reported_to_the_runtimes_authors_unless_the_user_wants_it(
    before: dict[str, str], after: str, tmp_path: Path
) -> None:
    code = (
        "import os, sys\n"
        "class Watch:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'onnxruntime': print(os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "import engine.runtimes.onnx\n"
    )
    environment = {**{key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}, **before}
    environment["HOME"] = str(tmp_path)
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [after]


def test_onnx_is_not_needed_to_run_networks() -> None:
    """It writes them, once, when they are pulled."""
    code = "import sys, engine.pipeline, engine.runtimes.onnx; sys.exit('onnx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
