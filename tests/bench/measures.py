"""How far a matte is from the truth, by the measures of the field.

Success and IoU are of alpha over 0.5. SAD, MSE, gradient and connectivity error are those of Rhemann et al. 2009, "A
Perceptually Motivated Online Benchmark for Image Matting", sections 3 and 4, over the whole picture and in a band round
the truth's edge, where mattes differ. Alphas are [H, W], 0..1; nothing is stretched to that range.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, isnan, log, nan, pi, sqrt
from statistics import fmean
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from engine.types import Matte

_BODY = 0.5
_SUCCESS = 0.90
_EMPTY = 0.001  # of the frame: the most that is over 0.5 in a matte of nobody

# The gradient's Gaussian is cut off where it is this small; 1.4 is the paper's own sigma.
_SIGMA = 1.4
_NO_GAUSSIAN = 0.01

# Alpha that is less than `_STILL_CONNECTED` above the level at which its pixel is connected counts as connected.
_LEVELS = np.linspace(0, 1, 11)
_STILL_CONNECTED = 0.15

# The band reaches this far from the truth's edge, to both sides: a part of the square root of the largest body's area,
# 2 pixels at least. A street photo's person of 700 pixels has 7, a portrait that fills 1200 x 900 pixels 17.
_BAND = 0.02
_LEAST_BAND = 2.0
_SOFT = (0.05, 0.95)

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


class Measured(NamedTuple):
    """Of one matte, or means of several; not a number (nan) where a truth has no edge.

    success: 0 or 1. sad, gradient, connectivity: sums over pixels, divided by 1000. mse: the mean over pixels, times
    1000. edge_...: the same in the band.
    """

    success: float
    iou: float
    sad: float
    mse: float
    gradient: float
    connectivity: float
    edge_sad: float
    edge_mse: float
    edge_gradient: float
    edge_connectivity: float


def measured(matte: Matte, truth: Matte) -> Measured:
    """All measures of a matte against its truth of the same shape."""
    iou = _iou(matte > _BODY, truth > _BODY)
    off = np.abs(np.asarray(matte, np.float64) - truth)
    maps = (off, off**2, gradient_errors(matte, truth), connectivity_errors(matte, truth))
    whole, band = (_errors(maps, part) for part in (np.ones(truth.shape, np.bool_), edge_band(truth)))
    return Measured(float(iou >= _SUCCESS), iou, *whole, *band)


def mean_of(measures: Sequence[Measured]) -> Measured:
    """The mean of each measure over those that have it."""
    kept = ([value for value in each if not isnan(value)] for each in zip(*measures, strict=True))
    return Measured(*(fmean(each) if each else nan for each in kept))


def edge_band(truth: Matte) -> Mask:
    """Where the truth's edge is near: its soft pixels and its outline, and what is no further from them than _BAND."""
    body = (truth > _BODY).astype(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    outline = cv2.dilate(body, cross) != cv2.erode(body, cross)
    edge = outline | ((truth > _SOFT[0]) & (truth < _SOFT[1]))
    if not edge.any():
        return np.zeros(truth.shape, np.bool_)
    largest = int(_largest_part(body > 0).sum())
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= max(_LEAST_BAND, _BAND * sqrt(largest)))


def gradient_errors(matte: Matte, truth: Matte) -> Values:
    """Per pixel: the squared difference of the magnitudes of the two gradients."""
    return np.asarray((_gradient(matte) - _gradient(truth)) ** 2)


def connectivity_errors(matte: Matte, truth: Matte) -> Values:
    """Per pixel: how much more the one than the other is connected to the largest part that both have in common."""
    connected = np.ones(truth.shape)
    undecided = np.ones(truth.shape, np.bool_)
    for lower, level in pairwise(_LEVELS):
        lost = undecided & ~_largest_part((matte >= level) & (truth >= level))
        connected[lost] = lower
        undecided &= ~lost
    return np.abs(_connection(matte, connected) - _connection(truth, connected))


def _connection(alpha: Matte, connected: Values) -> Values:
    above = np.asarray(alpha, np.float64) - connected
    return np.asarray(1 - above * (above >= _STILL_CONNECTED))


def _errors(maps: tuple[Values, Values, Values, Values], part: Mask) -> tuple[float, float, float, float]:
    """SAD, MSE, gradient and connectivity error of a part of the picture."""
    if not part.any():
        return nan, nan, nan, nan
    absolute, squared, gradient, connectivity = (each[part] for each in maps)
    return (
        float(absolute.sum() / 1000),
        float(squared.mean() * 1000),
        float(gradient.sum() / 1000),
        float(connectivity.sum() / 1000),
    )


def _iou(said: Mask, real: Mask) -> float:
    """Of two masks; 1 or 0 where nobody is there."""
    if not real.any():
        return float(said.mean() < _EMPTY)
    return float((said & real).sum() / (said | real).sum())


def _gradient(alpha: Matte) -> Values:
    """Magnitudes, by derivatives of a Gaussian; each filter's squares add up to 1."""
    reach = ceil(_SIGMA * sqrt(-2 * log(sqrt(2 * pi) * _SIGMA * _NO_GAUSSIAN)))
    offsets = np.arange(-reach, reach + 1, dtype=np.float64)
    bell = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    slope = -offsets * bell
    bell, slope = bell / sqrt((bell**2).sum()), slope / sqrt((slope**2).sum())
    values = np.asarray(alpha, np.float64)
    across = cv2.sepFilter2D(values, cv2.CV_64F, slope, bell, borderType=cv2.BORDER_REPLICATE)
    down = cv2.sepFilter2D(values, cv2.CV_64F, bell, slope, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(np.hypot(across, down))


def _largest_part(mask: Mask) -> Mask:
    """The largest of the mask's connected parts (4 neighbours); nothing where it has none."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros(mask.shape, np.bool_)
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
