"""True edge colours: where a matte is soft, the picture's colour is part background; this takes the background out.

Blur-fusion foreground estimation (Forte 2021, "Approximate Fast Foreground Colour Estimation", ICIP): blurred colours
of both sides, weighted by alpha, predict foreground and background; one least-squares step makes them explain the
pixel. Two passes, wide then narrow. The wide one looks for colours far away and needs no detail, so it is done small;
the narrow one is done in blocks, so that memory does not grow with the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from engine.blocks import Values, blocks, enlarged_part
from engine.crops import size_of
from engine.types import Crop, Matte, Pixels

# The paper's radii of 90 and 6 are for pictures of about this size (Adobe matting test set).
_WIDE_SIDE = 800
_WIDE_RADIUS = 90
_NARROW_RADIUS = 6
_EPSILON = 1e-4


def estimate_foreground(pixels: Pixels, matte: Matte) -> Pixels:
    """[H, W, 3] RGB in the depth of `pixels`: the picture's own where the matte is 1, 0 where it is 0."""
    own = matte >= 1
    foreground = np.zeros_like(pixels)
    np.copyto(foreground, pixels, where=own[..., None])
    soft = (matte > 0) & ~own
    area = _bounds(soft)
    if area is None:
        return foreground
    depth = float(np.iinfo(pixels.dtype).max)
    wide_foreground, wide_background = _wide_pass(pixels[area.window], matte[area.window], depth)
    for block in blocks(area):
        where = soft[block.window]
        if not where.any():
            continue
        near = Crop(
            max(area.left, block.left - _NARROW_RADIUS),
            max(area.top, block.top - _NARROW_RADIUS),
            min(area.right, block.right + _NARROW_RADIUS),
            min(area.bottom, block.bottom + _NARROW_RADIUS),
        )
        inside = Crop(near.left - area.left, near.top - area.top, near.right - area.left, near.bottom - area.top)
        fused, _ = _fuse(
            np.asarray(pixels[near.window], np.float32) / np.float32(depth),
            matte[near.window],
            enlarged_part(wide_foreground, area.size, inside),
            enlarged_part(wide_background, area.size, inside),
            _NARROW_RADIUS,
        )
        left, top = block.left - near.left, block.top - near.top
        colours = fused[top : top + block.size.height, left : left + block.size.width][where]
        foreground[block.window][where] = np.rint(colours * np.float32(depth)).astype(pixels.dtype)
    return foreground


def _wide_pass(pixels: Pixels, matte: Matte, depth: float) -> tuple[Values, Values]:
    """Foreground and background colours 0..1, with the long side at most _WIDE_SIDE."""
    full = size_of(matte)
    size = full.scaled(min(1.0, _WIDE_SIDE / max(full)))
    picture = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(depth)
    alpha = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)
    return _fuse(picture, np.asarray(alpha, np.float32), picture, picture, _WIDE_RADIUS)


def _fuse(picture: Values, alpha: Matte, foreground: Values, background: Values, radius: int) -> tuple[Values, Values]:
    """One pass: better foreground and background from given ones, all [H, W, 3] 0..1."""
    side = (2 * radius + 1, 2 * radius + 1)
    inside = alpha[..., None]
    weight = cv2.blur(alpha, side)[..., None]
    near_foreground = cv2.blur(foreground * inside, side) / (weight + _EPSILON)
    near_background = cv2.blur(background * (1 - inside), side) / (1 - weight + _EPSILON)
    rest = picture - inside * near_foreground - (1 - inside) * near_background
    return (
        np.asarray(np.clip(near_foreground + inside * rest, 0, 1), np.float32),
        np.asarray(np.clip(near_background, 0, 1), np.float32),
    )


def _bounds(mask: npt.NDArray[np.bool_]) -> Crop | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    grow = 2 * _NARROW_RADIUS
    return Crop(
        max(0, int(columns[0]) - grow),
        max(0, int(rows[0]) - grow),
        min(mask.shape[1], int(columns[-1]) + 1 + grow),
        min(mask.shape[0], int(rows[-1]) + 1 + grow),
    )
