"""Mattes of crops -> one matte of the picture, with the people who were asked for and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from engine.crops import window
from engine.types import Box, Crop, Matte, Size

# What a network leaves as a haze, or as a pinhole in a body, is not meant: under and over these, alpha is 0 and 1.
_HAZE = 0.03
_SOLID = 0.97

# A piece of matte is a passer-by's when more than this part of it lies in the passer-by's box.
_BELONGS = 0.5

# The width of the fade at a crop's border, in parts of its longer side; inside the margin that routes leaves.
_FADE = 0.05

_PIECE = 0.3  # alpha from which pieces are told apart


def without_haze(matte: Matte) -> Matte:
    """The matte stretched a little, so that it truly is 0 outside and 1 inside."""
    return np.asarray(np.clip((matte - _HAZE) / (_SOLID - _HAZE), 0, 1), np.float32)


def without_strangers(matte: Matte, person: Box, strangers: Iterable[Box]) -> Matte:
    """Drops the pieces that are not the person's. person, strangers: boxes in the matte's pixels, inside it.

    A piece stays when it touches the person's box, unless a stranger's box holds most of it.
    """
    count, found = cv2.connectedComponents((matte > _PIECE).astype(np.uint8), connectivity=8)
    labels = np.asarray(found, np.int32)
    sizes = np.bincount(labels.ravel(), minlength=count)
    own = _inside(labels, person, count)
    theirs = np.zeros(count, np.int64)
    for stranger in strangers:
        theirs = np.maximum(theirs, _inside(labels, stranger, count))
    kept = (own > 0) & ~((theirs > own) & (theirs > _BELONGS * sizes))
    kept[0] = True
    if kept.all():
        return matte
    return np.where(kept[spread(labels)], matte, np.float32(0))  # the soft rim of a dropped piece goes with it


def spread(labels: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Each pixel with the label of the nearest one that has a label above 0; all 0 where none has."""
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    label_of = np.zeros(int(nearest.max()) + 1, np.int32)
    label_of[nearest[labels > 0]] = labels[labels > 0]
    return label_of[nearest]


def _inside(labels: npt.NDArray[np.int32], box: Box, count: int) -> npt.NDArray[np.int64]:
    """Pixels of each piece inside a box, which lies inside the array."""
    if box.area <= 0:
        return np.zeros(count, np.int64)
    return np.bincount(labels[window(box)].ravel(), minlength=count)


def faded(matte: Matte, crop: Crop, frame: Size) -> Matte:
    """The crop's matte, running out to 0 at those borders that are not the frame's own: no straight cuts."""
    height, width = matte.shape
    margin = round(_FADE * max(height, width))
    across = _ramp(width, margin, crop.left > 0, crop.right < frame.width)
    down = _ramp(height, margin, crop.top > 0, crop.bottom < frame.height)
    return np.asarray(matte * across[None, :] * down[:, None], np.float32)


def _ramp(length: int, margin: int, at_start: bool, at_end: bool) -> npt.NDArray[np.float32]:
    ramp = np.ones(length, np.float32)
    rise = (np.arange(margin, dtype=np.float32) + 0.5) / max(margin, 1)
    rise = rise[: length // 2]
    if at_start:
        ramp[: len(rise)] = rise
    if at_end:
        ramp[length - len(rise) :] = rise[::-1]
    return ramp


def binary(matte: Matte, threshold: float) -> Matte:
    """A hard matte of 0 and 1."""
    return np.asarray(matte > threshold, np.float32)


def paste_into(whole: Matte, crop: Crop, matte: Matte) -> None:
    """Puts a crop's matte into the picture's: at each pixel the larger alpha stays."""
    part = whole[crop.window]
    np.maximum(part, matte, out=part)
