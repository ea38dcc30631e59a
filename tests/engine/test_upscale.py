"""Super-resolution, with the real network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from engine.models.catalogue import NETWORKS
from engine.types import Rgb8
from engine.upscale import upscale
from tests.engine.scenes import photo

if TYPE_CHECKING:
    from engine.networks import Networks

SPAN = NETWORKS["span"]


def squared_error(one: Rgb8, other: Rgb8) -> float:
    return float(((one.astype(np.float64) - other) ** 2).mean())


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_a_shrunken_photo_comes_nearer_to_the_original_than_by_cubic_enlargement(networks: Networks, name: str) -> None:
    original = photo(name)[20:276, 100:356]
    small = np.asarray(cv2.resize(original, (64, 64), interpolation=cv2.INTER_AREA), np.uint8)
    large = upscale(networks, SPAN, small)
    cubic = np.asarray(cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC), np.uint8)
    assert squared_error(large, original) < 0.95 * squared_error(cubic, original)


def test_colours_and_places_stay(networks: Networks) -> None:
    small = photo("astronaut")[40:104, 180:244]
    large = upscale(networks, SPAN, small)
    back = np.asarray(cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA), np.uint8)
    assert np.abs(back.astype(int) - small).mean() < 4


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (3, 2), (17, 40)])
def test_any_size_becomes_four_times_as_large(networks: Networks, height: int, width: int) -> None:
    large = upscale(networks, SPAN, np.full((height, width, 3), 120, np.uint8))
    assert large.shape == (4 * height, 4 * width, 3)
    assert large.dtype == np.uint8


def test_black_and_white_do_not_overflow(networks: Networks) -> None:
    board = np.kron(np.indices((6, 6)).sum(0) % 2, np.ones((4, 4)))[..., None].repeat(3, 2).astype(np.uint8) * 255
    large = upscale(networks, SPAN, board)
    inside = np.asarray(cv2.resize(large, (24, 24), interpolation=cv2.INTER_AREA), np.float64)
    assert np.abs(inside - board).mean() < 25
