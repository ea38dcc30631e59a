"""A crop and its plan -> the crop's matte, at the working size."""

from __future__ import annotations

from math import sqrt

import cv2
import numpy as np

from engine.models.catalogue import NETWORKS, Network
from engine.networks import Networks, resized
from engine.routes import Pass
from engine.types import Matte, Rgb8, Size
from engine.upscale import upscale

# Crops are worked on at this many pixels at most; what the networks see is smaller. The refinement brings the matte to
# the photo's own size.
WORKING_AREA = 1024 * 1024

# A pass that wants super-resolution gets it where the crop has fewer pixels than this; a larger one has enough.
_UPSCALED_AREA = 480 * 480


def working_picture(crop: Rgb8) -> Rgb8:
    """The crop [H, W, 3] shrunk to the working size, or as it is."""
    size = Size(crop.shape[1], crop.shape[0])
    if size.area <= WORKING_AREA:
        return crop
    return resized(crop, scaled_to_area(size, WORKING_AREA))


def matte_of(networks: Networks, passes: tuple[Pass, ...], picture: Rgb8) -> Matte:
    """The mean of the passes over a picture [H, W, 3], at its size."""
    size = Size(picture.shape[1], picture.shape[0])
    large = None
    if any(each.upscaled for each in passes) and size.area < _UPSCALED_AREA:
        (upscaler,) = networks.usable("upscale")
        large = upscale(networks, upscaler, picture)
    total = np.zeros(picture.shape[:2], np.float32)
    for each in passes:
        seen = large if each.upscaled and large is not None else picture
        total += resized_matte(run_network(networks, NETWORKS[each.network], seen, each.side), size)
    return np.asarray(total / len(passes), np.float32)


def run_network(networks: Networks, network: Network, picture: Rgb8, side: int) -> Matte:
    """The network's own matte of a picture [H, W, 3], which it sees as about side x side pixels, at that size."""
    height, width = picture.shape[:2]
    size = scaled_to_area(Size(width, height), side * side, network.multiple)
    return np.clip(networks.run(network, resized(picture, size))[0][0, 0], 0, 1)


def scaled_to_area(size: Size, area: int, multiple: int = 1) -> Size:
    """About `area` pixels in the proportions of `size`, both sides multiples of `multiple`."""
    scale = sqrt(area / size.area)
    return Size(*(max(1, round(length * scale / multiple)) * multiple for length in size))


def resized_matte(matte: Matte, size: Size) -> Matte:
    """At another size: by area where it shrinks, else linear (cubic would ring beyond 0..1)."""
    if (matte.shape[1], matte.shape[0]) == size:
        return matte
    how = cv2.INTER_AREA if size.area < matte.size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(matte, size, interpolation=how), np.float32)
