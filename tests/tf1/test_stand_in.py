"""The graph that stands in for BSHM's has its contract, and its mattes are the real network's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from skimage import data

from engine.models.catalogue import find_network
from engine.models.store import Store
from engine.runtimes.tf1.process import Pixels, Tf1Process


@pytest.fixture(scope="module")
def process(tensorflow_1: Path, stand_in: Path) -> Iterator[Tf1Process]:
    with Tf1Process(tensorflow_1, stand_in, device="cpu", fraction=0.9, growth=True) as process:
        yield process


def modnets(picture: Pixels) -> npt.NDArray[np.float32]:
    """MODNet's own alpha, 0..255 [H, W], by ONNX Runtime, from what the graph shows it."""
    session = onnxruntime.InferenceSession(Store().path(find_network("modnet")))
    height, width = picture.shape[:2]
    scale = min(512 / min(height, width), 1024 / max(height, width))
    seen = (max(round(width * scale / 32), 1) * 32, max(round(height * scale / 32), 1) * 32)
    small = cv2.resize(picture.astype(np.float32), seen, interpolation=cv2.INTER_LINEAR) / 127.5 - 1
    (alpha,) = session.run(None, {"input": small.transpose(2, 0, 1)[np.newaxis]})
    full = cv2.resize(alpha[0, 0], (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(full, 0, 1) * 255, np.float32)


@pytest.mark.parametrize(("width", "height"), [(512, 512), (200, 300), (641, 479), (1500, 2000)])
def test_its_mattes_are_modnets(process: Tf1Process, width: int, height: int) -> None:
    picture = cv2.resize(data.astronaut(), (width, height), interpolation=cv2.INTER_AREA)
    alpha, expected = process.alpha(picture, 60), modnets(picture)
    ours, theirs = alpha > 127, expected > 127
    assert 0.4 < theirs.mean() < 0.7  # she fills half of it
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.999
    assert np.abs(alpha - np.floor(expected)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (500, 3), (31, 33)])
def test_it_takes_any_size(process: Tf1Process, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    assert process.alpha(picture, 60).shape == size
