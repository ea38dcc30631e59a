"""PyTorch's runtime: files that it loads, files that it refuses, and memory that runs out."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from engine.errors import NetworkError
from engine.models.catalogue import Network, Tensors
from engine.runtimes import Session
from engine.runtimes.torch import TorchRuntime
from tests.engine.models.making import network
from tests.engine.runtimes.torch.single import Array, noise, single, whole

ONE = replace(network(name="one"), tensors=Tensors("x0", ("y0",), "NCHW", "RGB", (0, 0, 0), (1, 1, 1)))
BSHM = replace(ONE, tensors=replace(ONE.tensors, input="input_image", outputs=("output_png",), picture=True))


def load(model: onnx.ModelProto | bytes, folder: Path, record: Network = ONE) -> Session:
    file = folder / "one 网络.onnx"
    file.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return TorchRuntime("cpu", 1, threads=1).load(record, file)


def refusal(model: onnx.ModelProto | bytes, folder: Path, record: Network = ONE) -> NetworkError:
    with pytest.raises(NetworkError) as refused:
        load(model, folder, record)
    assert refused.value.what.startswith("one: ")
    assert f"{folder / 'one 网络.onnx'}" in refused.value.why
    return refused.value


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x08\x12\x00" * 50])
def test_a_file_that_is_no_network_is_an_error_that_names_both(content: bytes, tmp_path: Path) -> None:
    assert refusal(content, tmp_path).what == "one: the network cannot be run"


def test_a_missing_file_is_an_error_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"missing\.onnx"):
        TorchRuntime("cpu", 1, threads=1).load(ONE, tmp_path / "missing.onnx")


def test_a_file_that_is_cut_off_anywhere_is_an_error(tmp_path: Path) -> None:
    content = single("Add", [noise(3), noise(3)]).SerializeToString()
    for length in range(len(content)):
        with pytest.raises(NetworkError):
            load(content[:length], tmp_path)


def test_weights_that_are_damaged_are_an_error(tmp_path: Path) -> None:
    model = single("Add", [noise(3), noise(3)])
    model.graph.initializer[0].raw_data = b"short"
    refusal(model, tmp_path)


def test_weights_in_another_file_are_an_error_that_says_so(tmp_path: Path) -> None:
    model = single("Add", [noise(3), noise(3)])
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "weights.bin")
    model.graph.initializer[0].ClearField("raw_data")
    assert "its weights are in another file" in refusal(model, tmp_path).why


def test_an_output_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    record = replace(ONE, tensors=replace(ONE.tensors, outputs=("alpha",)))
    assert "it has no output 'alpha'" in refusal(single("Relu", [noise(3)]), tmp_path, record).why


def test_a_node_that_reads_what_nothing_makes_is_an_error(tmp_path: Path) -> None:
    model = single("Add", [noise(3), noise(3)])
    del model.graph.initializer[0]
    assert "Add reads 'x1' before anything makes it" in refusal(model, tmp_path).why


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (single("Bernoulli", [noise(3)]), "the operator Bernoulli"),
        (single("Shrink", [noise(3)], bias=0.5), "the operator Shrink"),
        (single("MaxPool", [noise(1, 1, 4, 4)], kernel_shape=[2, 2], storage_order=1), "MaxPool with storage_order 1"),
        (single("MaxPool", [noise(1, 1, 4, 4)], outputs=2, kernel_shape=[2, 2]), "MaxPool with 2 outputs"),
        (single("Relu", [noise(3)], slope=2.0), "Relu with the attribute slope"),
        (single("Concat", [noise(3)]), "Concat without the attribute axis"),
        (single("Slice", [noise(3)]), "Slice with 1 inputs"),
        (single("Cast", [noise(3)], to=TensorProto.BFLOAT16), "Cast with to 16"),
        (single("Relu", [noise(3)], opset=9), "version 9 of ONNX's operators"),
        (single("Resize", [noise(1, 1, 2, 2), None, None, whole(1, 1, 4, 4)], antialias=1), "Resize with antialias 1"),
    ],
)
def test_what_nothing_here_knows_is_an_error_that_names_it(model: onnx.ModelProto, words: str, tmp_path: Path) -> None:
    refused = refusal(model, tmp_path)
    assert refused.what == "one: PyTorch's runtime cannot run the network"
    assert f"wants {words}, which it does not know" in refused.why
    assert "ONNX Runtime" in refused.remedy


def test_an_operator_of_somebody_elses_is_named_with_its_owner(tmp_path: Path) -> None:
    model = single("Relu", [noise(3)])
    model.graph.node[0].domain = "com.microsoft"
    assert "the operator com.microsoft.Relu" in refusal(model, tmp_path).why


def test_what_no_output_needs_is_not_asked_for(tmp_path: Path) -> None:
    model = single("Relu", [noise(3)])
    model.graph.node.append(helper.make_node("Bernoulli", ["x0"], ["dice"]))
    (found,) = load(model, tmp_path).run(np.array([-1, 2], np.float32))
    assert found.tolist() == [0, 2]


def test_a_constant_that_is_written_as_a_node_is_one(tmp_path: Path) -> None:
    model = single("Add", [noise(3), noise(3)])
    del model.graph.initializer[0]
    model.graph.node.insert(0, helper.make_node("Constant", [], ["x1"], value_float=2.0))
    (found,) = load(model, tmp_path).run(np.array([1, 2], np.float32))
    assert found.tolist() == [3, 4]


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_a_file_of_bshms_contract_takes_a_picture_and_gives_an_alpha(kind: type[np.generic], tmp_path: Path) -> None:
    """This one's alpha is the red channel."""
    shape = [None, None, 3]
    nodes = [
        helper.make_node("Cast", ["input_image"], ["bytes"], to=TensorProto.UINT8),
        helper.make_node("Slice", ["bytes", "first", "last", "axis"], ["red"]),
        helper.make_node("Concat", ["bytes", "red"], ["output_png"], axis=-1),
    ]
    constants = [numpy_helper.from_array(whole(each), name) for name, each in (("first", 0), ("last", 1), ("axis", 2))]
    entry = helper.make_tensor_value_info("input_image", helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape)
    graph = helper.make_graph(nodes, "g", [entry], [helper.make_empty_tensor_value_info("output_png")], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    planes = np.random.default_rng(0).integers(0, 256, (1, 3, 5, 7)).astype(np.float32)
    (alpha,) = load(model, tmp_path, replace(BSHM, name="one")).run(planes)
    assert alpha.dtype == np.float32
    np.testing.assert_allclose(alpha, planes[:, :1] / 255, atol=1e-6, strict=True)


def test_memory_that_runs_out_is_a_memory_error_and_the_next_run_is_as_if_nothing_had_been(tmp_path: Path) -> None:
    session = load(single("Tile", [noise(2), whole(2**50)]), tmp_path)
    small = load(single("Relu", [noise(3)]), tmp_path)
    with pytest.raises(MemoryError, match="PyTorch: "):
        session.run(noise(2))
    (found,) = small.run(np.array([-1, 2], np.float32))
    assert found.tolist() == [0, 2]


IN_LITTLE_MEMORY = """
import re, resource, sys, numpy as np
from pathlib import Path
from engine.models.catalogue import find_network
from engine.models.store import Store
from engine.runtimes.torch import TorchRuntime
network = find_network(sys.argv[1])
session = TorchRuntime("cpu", 1, threads=1).load(network, Store().path(network))
small = np.random.default_rng(0).random((1, 3, 64, 64), np.float32)
before = session.run(small)[0]
for more in (4_000_000, 16_000_000, 64_000_000):
    held = int(re.search(r"VmData:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + more, -1))
    try:
        session.run(np.zeros((1, 3, 1024, 1024), np.float32))
    except MemoryError as error:
        print("short")
    resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))
    print(np.array_equal(session.run(small)[0], before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="by Linux's limit")
@pytest.mark.parametrize("name", ["rvm", "modnet", "span"])
def test_a_network_under_the_limit_of_the_workers_memory_says_that_it_is_short(name: str) -> None:
    """Whichever library below PyTorch it is that finds no room."""
    ran = subprocess.run([sys.executable, "-c", IN_LITTLE_MEMORY, name], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["short", "True"] * 3


def test_what_is_wrong_in_a_run_stays_what_it_is(tmp_path: Path) -> None:
    session = load(single("MatMul", [noise(2, 3), noise(3, 2)]), tmp_path)
    with pytest.raises(RuntimeError):
        session.run(noise(2, 5))


def test_tensors_are_freed_after_their_last_use(tmp_path: Path) -> None:
    """Three hundred steps over 4 MB take a few times that, not 1.2 GB."""
    code = (
        "import resource, sys, torch, numpy as np; from pathlib import Path\n"
        "from engine.runtimes.torch import TorchRuntime\n"
        "from tests.engine.runtimes.torch.test_runtime import ONE\n"
        "session = TorchRuntime('cpu', 1, threads=1).load(ONE, Path(sys.argv[1]))\n"
        "session.run(np.zeros(8, np.float32))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "session.run(np.zeros(1_000_000, np.float32))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    names = ["x0", *(f"v{place}" for place in range(299)), "y0"]
    nodes = [helper.make_node("Sin", [before], [after]) for before, after in pairwise(names)]
    entry, exit_ = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in ("x0", "y0"))
    graph = helper.make_graph(nodes, "chain", [entry], [exit_])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    file = tmp_path / "chain.onnx"
    file.write_bytes(model.SerializeToString())
    ran = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 20_000  # kB


def test_the_device_is_said_in_words() -> None:
    version = torch.__version__.partition("+")[0]
    assert TorchRuntime("cpu", 1, threads=1).device == f"CPU, 1 thread, PyTorch {version}"


def test_a_session_takes_any_array(tmp_path: Path) -> None:
    """Read-only ones and views among them, without a warning."""
    session = load(single("Relu", [noise(2, 3)]), tmp_path)
    array: Array = noise(4, 6)
    array.setflags(write=False)
    (found,) = session.run(array[::2, ::-2])
    assert found.tolist() == np.maximum(array[::2, ::-2], 0).tolist()
