"""The same graph in TensorFlow 1.15.5, and converted in ONNX Runtime and in PyTorch, on real photos of ten sizes.

`pytest -s` prints the differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from engine.models.catalogue import NETWORKS
from engine.models.converting import difference
from engine.networks import resized
from engine.runtimes import Runtime, Session
from engine.runtimes.onnx import OnnxRuntime
from engine.runtimes.tf1.process import Tf1Process
from engine.runtimes.torch import TorchRuntime
from engine.types import Rgb8, Size

BSHM = NETWORKS["bshm"]
SIZES = [
    (200, 300),
    (300, 200),
    (401, 533),
    (512, 512),
    (640, 480),
    (777, 601),
    (1000, 750),
    (900, 1350),
    (1600, 1067),
    (2000, 1500),
]


@pytest.fixture(scope="module")
def process(tensorflow_1: Path, stand_in: Path) -> Iterator[Tf1Process]:
    with Tf1Process(tensorflow_1, stand_in, device="cpu", fraction=1.0, growth=True) as process:
        yield process


@pytest.fixture(scope="module")
def sessions(converted: Path) -> dict[str, Session]:
    runtimes: dict[str, Runtime] = {"ONNX Runtime": OnnxRuntime(0), "PyTorch": TorchRuntime("cpu", 1.0)}
    return {name: runtime.load(BSHM, converted) for name, runtime in runtimes.items()}


def photo(width: int, height: int) -> Rgb8:
    """The astronaut, cut to these proportions."""
    whole = np.asarray(data.astronaut(), np.uint8)
    scale = min(512 / width, 512 / height)
    part = whole[: max(1, round(height * scale)), : max(1, round(width * scale))]
    return resized(np.ascontiguousarray(part), Size(width, height))


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_alphas_are_within_a_level_of_tensorflows(
    process: Tf1Process, sessions: dict[str, Session], width: int, height: int
) -> None:
    picture = photo(width, height)
    wanted = process.alpha(picture, 120)
    assert 0.05 < (wanted > 127).mean() < 0.95  # somebody is there
    planes = np.asarray(picture.transpose(2, 0, 1)[None], np.float32)
    for name, session in sessions.items():
        (alpha,) = session.run(planes)
        found = difference(wanted, np.asarray(np.rint(alpha[0, 0] * 255), np.uint8))
        print(f"\n{width} x {height}, {name}: at most {found.most} of 255, {found.share:.4%} by more than 1", end="")
        assert found.share <= 0.001
