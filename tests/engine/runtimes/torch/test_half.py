"""float16: the alpha stays within 4 levels of 255 on 99.9 % of the pixels, with the same table as on a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from skimage import data

from engine.models.catalogue import find_network
from engine.models.store import Store
from engine.runtimes.torch.graph import understand
from engine.runtimes.torch.operators import OPERATORS
from engine.runtimes.torch.precision import FLOAT32_OPERATORS, FULL, Precision
from engine.runtimes.torch.program import Program
from engine.runtimes.torch.runtime import ON_CUDA
from tests.engine.runtimes.torch.pictures import by_onnx_runtime, program_of, tensor_of
from tests.engine.runtimes.torch.single import noise, single, whole

HALF = Precision(half=True)


def portrait(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Head and shoulders."""
    cut = data.astronaut()[:320, 100:366]
    return np.asarray(cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def two_people(width: int, height: int) -> npt.NDArray[np.uint8]:
    """Her left half, and the same mirrored."""
    photo = data.astronaut()
    both = np.where(np.arange(512)[:, None] < 256, photo, photo[:, ::-1])
    return np.asarray(cv2.resize(both, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("rvm", portrait(128, 160)),
        ("rvm", two_people(128, 96)),
        ("modnet", portrait(160, 192)),
        ("modnet", two_people(128, 96)),
        ("span", portrait(40, 48)),
    ],
)
def test_a_network_that_runs_with_float16_on_a_gpu_hardly_differs(name: str, picture: npt.NDArray[np.uint8]) -> None:
    network = find_network(name)
    tensor = tensor_of(network, picture)
    (ours,) = program_of(network, Store().path(network), ON_CUDA[name]).run(torch.from_numpy(tensor))
    (theirs,) = by_onnx_runtime(network, tensor)
    assert ours.dtype == torch.float32
    differences = np.abs(ours.numpy() - theirs) * 255
    assert differences.max() > 0.01  # it was float16
    assert np.percentile(differences, 99.9) <= 4


def run(precision: Precision, operator: str, *inputs: npt.NDArray[np.generic], **attributes: Any) -> torch.Tensor:
    model = single(operator, inputs, **attributes)
    program = Program(understand("single", Path("single.onnx"), model, ["y0"]), torch.device("cpu"), precision)
    return program.run(torch.from_numpy(inputs[0]))[0]


def test_sums_of_many_numbers_are_float32() -> None:
    many = np.full((1, 100_000), 3, np.float32)
    assert run(HALF, "ReduceSum", many, whole(1)).item() == 300_000
    assert run(HALF, "ReduceSumSquare", np.full(9, 300, np.float32)).item() == 810_000


def test_all_that_stays_float32_is_known() -> None:
    assert OPERATORS.keys() >= FLOAT32_OPERATORS


def test_the_first_steps_stay_float32() -> None:
    numbers = noise(100)
    exact = run(FULL, "Add", numbers, noise(100, seed=1))
    assert not torch.equal(run(HALF, "Add", numbers, noise(100, seed=1)), exact)
    assert torch.equal(run(Precision(half=True, exact=0.5), "Add", numbers, noise(100, seed=1)), exact)


def test_sizes_and_places_are_no_float16() -> None:
    """Which knows no whole number past 2048 but every second one."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Cast", ["shape"], ["length"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["length", "factor"], ["more"]),
        helper.make_node("Cast", ["more"], ["wanted"], to=TensorProto.INT64),
        helper.make_node("Expand", ["one", "wanted"], ["many"]),
        helper.make_node("Mul", ["many", "many"], ["y"]),
        helper.make_node("ReduceMax", ["x"], ["most"]),
        helper.make_node("Add", ["y", "most"], ["z"]),
    ]
    constants = [numpy_helper.from_array(np.ones(1, np.float32), each) for each in ("one", "factor")]
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None])
    graph = helper.make_graph(nodes, "g", [entry], [helper.make_empty_tensor_value_info("z")], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    program = Program(understand("sizes", Path("sizes.onnx"), model, ["z"]), torch.device("cpu"), HALF)
    assert program.run(torch.zeros(4099))[0].shape == (4099,)
