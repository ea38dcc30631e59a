"""The networks that are fetched by default, on photos: PyTorch's numbers are ONNX Runtime's."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from engine.models.catalogue import NETWORKS, find_network
from engine.models.store import Store
from engine.runtimes import Session
from engine.runtimes.torch import TorchRuntime
from engine.runtimes.torch.graph import read_model, understand
from tests.engine.runtimes.torch.pictures import DEFAULTS, by_onnx_runtime, tensor_of


def photo(width: int, height: int) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.resize(data.astronaut(), (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def session(name: str) -> Session:
    network = find_network(name)
    return TorchRuntime("cpu", 1, threads=1).load(network, Store().path(network))


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        *(("rvm", *size) for size in ((192, 192), (301, 200), (97, 333), (64, 33))),
        *(("modnet", *size) for size in ((256, 256), (320, 192), (64, 352))),
        *(("span", *size) for size in ((64, 64), (61, 40), (3, 70))),
        ("nanodet", 416, 416),
        ("u2netp", 320, 320),
    ],
)
def test_a_network_gives_what_it_gives_in_onnx_runtime(name: str, width: int, height: int) -> None:
    tensor = tensor_of(find_network(name), photo(width, height))
    ours = session(name).run(tensor)
    for mine, theirs in zip(ours, by_onnx_runtime(find_network(name), tensor), strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_allclose(mine, theirs, atol=1e-3, rtol=1e-3, strict=True)


def test_the_detectors_boxes_are_the_same_in_whatever_order_equals_come() -> None:
    tensor = tensor_of(find_network("centernet"), photo(512, 512))
    (ours,) = session("centernet").run(tensor)
    (theirs,) = by_onnx_runtime(find_network("centernet"), tensor)
    clear = theirs[0, :, 4] > theirs[0, -1, 4] + 1e-4  # past the last place, others of the same score may stand
    assert clear.sum() > 50
    for row in theirs[0][clear]:
        assert np.abs(ours[0] - row).max(axis=1).min() < 1e-3
    assert np.abs(np.sort(ours[0, :, 4]) - np.sort(theirs[0, :, 4])).max() < 1e-3


@pytest.mark.parametrize("name", ["rvm", "modnet"])
def test_a_batch_is_what_each_picture_is_alone(name: str) -> None:
    network = find_network(name)
    pictures = [photo(96, 64), np.ascontiguousarray(photo(96, 64)[:, ::-1])]
    (together,) = session(name).run(tensor_of(network, *pictures))
    for alpha, picture in zip(together, pictures, strict=True):
        (alone,) = session(name).run(tensor_of(network, picture))
        np.testing.assert_allclose(alpha, alone[0], atol=1e-4)


def test_one_session_runs_sizes_one_after_the_other() -> None:
    network = find_network("rvm")
    (first,) = session("rvm").run(tensor_of(network, photo(96, 64)))
    session("rvm").run(tensor_of(network, photo(160, 128)))
    (again,) = session("rvm").run(tensor_of(network, photo(96, 64)))
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", DEFAULTS)
def test_no_step_waits_for_numbers_that_a_gpu_computes(name: str) -> None:
    """Sizes and places follow from shapes and constants alone, which stay where the processor has them."""
    network = find_network(name)
    file = Store().path(network)
    graph = understand(name, file, read_model(name, file), network.tensors.outputs)
    near = {*graph.constants, ""}.union(*(step.outputs for step in graph.steps if step.of_shapes))
    assert graph.input not in near
    for step in graph.steps:
        read = {step.inputs[place] for place in step.numbers if place < len(step.inputs)}
        assert read <= near, step.operator
        assert step.operator != "NonZero"  # whose shape has to be waited for


def test_all_default_networks_are_tried_here() -> None:
    assert set(DEFAULTS) == {"rvm", "modnet", "u2netp", "span", "nanodet", "centernet"} <= set(NETWORKS)
