"""On an NVIDIA GPU: the same numbers, and memory that really runs out. Skipped where there is none."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from engine.models.catalogue import find_network
from engine.models.store import Store
from engine.runtimes.torch import TorchRuntime
from engine.runtimes.torch.precision import Precision
from engine.runtimes.torch.runtime import ON_CUDA
from tests.engine.runtimes.torch.pictures import DEFAULTS, by_onnx_runtime, program_of, tensor_of

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no NVIDIA GPU here")

SIDES = {"centernet": 512, "nanodet": 416, "span": 96, "rvm": 301, "modnet": 320}
# Runs in a process of its own: what a process was once allowed holds for all of its tests.
IN_LITTLE_MEMORY = """
import numpy as np, torch
from engine.models.catalogue import find_network
from engine.models.store import Store
from engine.runtimes.torch import TorchRuntime
network = find_network("rvm")
total = torch.cuda.get_device_properties(0).total_memory
session = TorchRuntime("cuda", 400e6 / total).load(network, Store().path(network))
small = np.random.default_rng(0).random((1, 3, 192, 192), np.float32)
before = session.run(small)[0]
try:
    session.run(np.zeros((1, 3, 4096, 4096), np.float32))
except MemoryError as error:
    print("short:", error)
print("kept:", torch.cuda.memory_reserved() < 300e6)
print("again:", np.abs(session.run(small)[0] - before).max() < 1e-2)
"""


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", DEFAULTS)
def test_a_network_gives_what_it_gives_in_onnx_runtime(name: str, channels_last: bool) -> None:
    TorchRuntime("cuda", 0.9)  # which says that float32 is float32
    network = find_network(name)
    photo = np.asarray(cv2.resize(data.astronaut(), (SIDES[name], SIDES[name]), interpolation=cv2.INTER_AREA), np.uint8)
    tensor = tensor_of(network, photo)
    program = program_of(network, Store().path(network), Precision(channels_last=channels_last), "cuda:0")
    for ours, theirs in zip(program.run(torch.from_numpy(tensor)), by_onnx_runtime(network, tensor), strict=True):
        mine = ours.numpy()
        if name == "centernet":  # equals in whatever order
            mine, theirs = np.sort(mine[0, :, 4]), np.sort(theirs[0, :, 4])
        np.testing.assert_allclose(mine, theirs, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", ON_CUDA)
def test_float16_hardly_differs(name: str) -> None:
    network = find_network(name)
    photo = np.asarray(cv2.resize(data.astronaut(), (224, 320), interpolation=cv2.INTER_AREA), np.uint8)
    tensor = tensor_of(network, photo)
    (ours,) = TorchRuntime("cuda", 0.9).load(network, Store().path(network)).run(tensor)
    (theirs,) = by_onnx_runtime(network, tensor)
    assert np.percentile(np.abs(ours - theirs) * 255, 99.9) <= 4


def test_memory_that_runs_out_is_a_memory_error_and_the_next_run_is_as_if_nothing_had_been() -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    ran = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY], capture_output=True, text=True, env=environment, check=True
    )
    short, kept, again = ran.stdout.splitlines()
    assert short.startswith("short: PyTorch: CUDA out of memory")
    assert (kept, again) == ("kept: True", "again: True")


def test_the_device_is_said_in_words() -> None:
    assert TorchRuntime("cuda:0", 0.9).device.startswith(f"{torch.cuda.get_device_name(0)} (cuda:0), PyTorch 2.")
