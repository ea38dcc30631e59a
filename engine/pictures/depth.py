"""Bits a channel: from 16 to 8 and back, so that black and white stay black and white."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.types import Matte, Pixels, Rgb8


def to_8_bits(pixels: Pixels) -> Rgb8:
    """The same values of 0..255, rounded; pixels that have 8 bits are given back as they are."""
    import cv2

    if pixels.dtype == np.uint8:
        return np.asarray(pixels, np.uint8)
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255 / 65535), np.uint8).reshape(pixels.shape)


def to_depth_of(model: Pixels, pixels: Pixels) -> Pixels:
    """Pixels with as many bits as `model`: the inverse of to_8_bits gives each of the 256 values its place in 65536."""
    if model.dtype == pixels.dtype:
        return pixels
    if model.dtype == np.uint8:
        return to_8_bits(pixels)
    return pixels * np.uint16(257)


def stretched(samples: Pixels, most: int) -> npt.NDArray[np.uint16]:
    """Values 0..most as 0..65535, rounded; larger ones, which a damaged file can have, as 65535."""
    wide = np.minimum(samples, most) * np.uint32(65535)
    return ((wide + most // 2) // most).astype(np.uint16)


def in_depth_of(model: Pixels, values: npt.NDArray[Any]) -> Pixels:
    """Values that lie within the range of `model`'s pixels already, as the same type."""
    return cast(Pixels, values.astype(model.dtype, copy=False))


def from_matte(matte: Matte, bits: int) -> Pixels:
    """A matte 0..1 as whole numbers: 1 is 255 (8 bits) or 65535 (16 bits), halves round up."""
    if bits == 8:
        return (matte * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return (matte * np.float32(65535) + np.float32(0.5)).astype(np.uint16)
