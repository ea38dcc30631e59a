"""A crop and its plan -> the crop's matte, at the working size."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from sys import maxsize

import cv2
import numpy as np
import numpy.typing as npt

from engine.crops import size_of
from engine.models.catalogue import NETWORKS, Network
from engine.networks import Networks, resized
from engine.routes import Pass
from engine.types import Matte, Rgb8, Size
from engine.upscale import upscale

Mask = npt.NDArray[np.bool_]

# Crops are worked on at this many pixels at most; what the networks see is smaller. The refinement brings the matte to
# the photo's own size.
WORKING_AREA = 768 * 768

# From a difference of the first to one of the second, a mean gives way to a decision; and what a decision makes of the
# mean: 0 under the first, 1 over the second. So a tie keeps, and a single voice of three or four drops. Measured on
# groups: ghosts (alpha 0.2 to 0.8) fall from 14 % of the frame to 4 %, as many as any one network leaves, at the same
# IoU.
_DISAGREE = (0.5, 0.7)
_DECIDED = (0.4, 0.5)

# A look counts where the body that it sees has at least this IoU with the one that RVM sees. Measured on small people,
# where MODNet and U^2-Net-p lose the person or see another one; RVM hardly ever does.
_WITNESS = "rvm"
_IN_COMMON = 0.5
_BODY = 0.5

# A pass that wants super-resolution gets it where the crop has fewer pixels than this; a larger one has enough.
UPSCALED_AREA = 360 * 360


def working_picture(crop: Rgb8) -> Rgb8:
    """The crop [H, W, 3] shrunk to the working size, or as it is."""
    size = size_of(crop)
    if size.area <= WORKING_AREA:
        return crop
    return resized(crop, scaled_to_area(size, WORKING_AREA))


def looks_at(
    networks: Networks, passes: tuple[Pass, ...], picture: Rgb8, mirrored: bool = False, sole: bool = False
) -> tuple[Matte, ...]:
    """The passes' mattes of a picture [H, W, 3], at its size. mirrored: each pass twice, once in the mirror. sole: one
    body is in it, so those are left out that see another one than RVM does, where that is among them."""
    size = size_of(picture)
    large = None
    few = size.area < UPSCALED_AREA and max(size) <= networks.longest_side
    if few and any(each.upscaled for each in passes):
        (upscaler,) = networks.usable("upscale")
        large = upscale(networks, upscaler, picture)
    mattes: list[tuple[str, Matte]] = []
    for each in passes:
        seen = large if each.upscaled and large is not None else picture
        for step in (1, -1) if mirrored else (1,):
            turned = np.ascontiguousarray(seen[:, ::step])
            matte = run_network(networks, NETWORKS[each.network], turned, each.side)
            mattes.append((each.network, resized_matte(np.ascontiguousarray(matte[:, ::step]), size)))
    return _of_one_body(mattes) if sole else tuple(matte for _, matte in mattes)


def _of_one_body(mattes: Sequence[tuple[str, Matte]]) -> tuple[Matte, ...]:
    """The mattes, by their networks' names, without those that have too little in common with the witness's mean."""
    seen = [matte for name, matte in mattes if name == _WITNESS]
    if not seen:
        return tuple(matte for _, matte in mattes)
    body = np.asarray(np.mean(seen, axis=0) > _BODY)
    return tuple(matte for name, matte in mattes if name == _WITNESS or _in_common(matte > _BODY, body) >= _IN_COMMON)


def _in_common(body: Mask, other: Mask) -> float:
    """IoU; 1 where both are empty."""
    either = np.count_nonzero(body | other)
    return np.count_nonzero(body & other) / either if either else 1.0


def fused(mattes: Sequence[Matte]) -> Matte:
    """One matte of several of one size: their mean where they agree, a decision where they do not.

    Where one says person and another background, a mean would be a ghost that nobody can use.
    """
    total, least, most = mattes[0].copy(), mattes[0].copy(), mattes[0].copy()
    for matte in mattes[1:]:
        total += matte
        np.minimum(least, matte, out=least)
        np.maximum(most, matte, out=most)
    mean = total / np.float32(len(mattes))
    decided = np.clip((mean - _DECIDED[0]) / (_DECIDED[1] - _DECIDED[0]), 0, 1)
    weight = np.clip((most - least - _DISAGREE[0]) / (_DISAGREE[1] - _DISAGREE[0]), 0, 1)
    return np.asarray(mean + weight * (decided - mean), np.float32)


def run_network(networks: Networks, network: Network, picture: Rgb8, side: int) -> Matte:
    """The network's own matte of a picture [H, W, 3], which it sees as about side x side pixels, at that size; squeezed
    into its square where it has one."""
    if network.side:
        size = Size(network.side, network.side)
    else:
        size = scaled_to_area(size_of(picture), side * side, network.multiple, networks.longest_side)
    return np.asarray(np.clip(networks.run(network, resized(picture, size))[0][0, 0], 0, 1), np.float32)


def scaled_to_area(size: Size, area: int, multiple: int = 1, longest: int = maxsize) -> Size:
    """About `area` pixels in the proportions of `size`, both sides multiples of `multiple`, none longer than `longest`:
    what is far longer than wide is squeezed."""
    scale = sqrt(area / size.area)
    most = longest // multiple
    return Size(*(min(most, max(1, round(length * scale / multiple))) * multiple for length in size))


def resized_matte(matte: Matte, size: Size) -> Matte:
    """At another size: by area where it shrinks, else linear (cubic would ring beyond 0..1)."""
    if size_of(matte) == size:
        return matte
    how = cv2.INTER_AREA if size.area < matte.size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(matte, size, interpolation=how), np.float32)
