"""Detectors: a picture -> rows of boxes. One reader of raw outputs for each network of task "people"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from engine.crops import size_of
from engine.models.catalogue import Network
from engine.networks import Networks, resized
from engine.people.boxes import NOTHING, Rows, without_doubles
from engine.runtimes import Tensor
from engine.types import Rgb8

# Weaker finds are not worth looking at; the stages above ask for more.
LEAST_SCORE = 0.15
_PERSON = 0  # the class of both networks, as in COCO
_SAME_PERSON = 0.5
_NANODET_STRIDES = (8, 16, 32)
_NANODET_BINS = 11


def detect(networks: Networks, network: Network, picture: Rgb8) -> Rows:
    """The people in a picture [H, W, 3] RGB, best first, in its pixels."""
    square, scale = letterboxed(picture, network.side)
    rows = READERS[network.name](networks.run(network, square), network.side)
    return without_doubles(rescaled(rows, 1 / scale), _SAME_PERSON)


def rescaled(rows: Rows, factor: float) -> Rows:
    """The same boxes in a picture `factor` times as large."""
    return np.asarray(rows * np.array([factor, factor, factor, factor, 1]), np.float32)


def letterboxed(picture: Rgb8, side: int) -> tuple[Rgb8, float]:
    """The picture in the top left corner of a black square of `side` pixels, and the scale it was given."""
    size = size_of(picture)
    scale = side / max(size)
    small = resized(picture, size.scaled(scale))
    square = np.zeros((side, side, 3), np.uint8)
    square[: small.shape[0], : small.shape[1]] = small
    return square, scale


def read_centernet(outputs: tuple[Tensor, ...], _side: int) -> Rows:
    """[1, 100, 6] rows x0, y0, x1, y1, score, class."""
    rows = outputs[0][0]
    return np.asarray(rows[(rows[:, 5] == _PERSON) & (rows[:, 4] > LEAST_SCORE)][:, :5], np.float32)


def read_nanodet(outputs: tuple[Tensor, ...], side: int) -> Rows:
    """Scores and, for each cell and side of the box, logits over distances of 0..10 strides (Generalized Focal Loss,
    Li et al. 2020, section 3: the distance is the mean of that distribution)."""
    found = [NOTHING]
    for scores, sides, stride in zip(outputs[:3], outputs[3:], _NANODET_STRIDES, strict=True):
        people = scores[0, :, _PERSON]
        cells = np.flatnonzero(people > LEAST_SCORE)
        logits = sides.reshape(-1, 4, _NANODET_BINS)[cells]
        weights = np.exp(logits - logits.max(-1, keepdims=True))
        left, top, right, bottom = (weights @ np.arange(_NANODET_BINS) / weights.sum(-1) * stride).T
        row, column = np.divmod(cells, side // stride)
        x, y = (column + 0.5) * stride, (row + 0.5) * stride
        found.append(np.stack([x - left, y - top, x + right, y + bottom, people[cells]], 1).astype(np.float32))
    return np.concatenate(found)


READERS: Mapping[str, Callable[[tuple[Tensor, ...], int], Rows]] = {
    "centernet": read_centernet,
    "nanodet": read_nanodet,
}
