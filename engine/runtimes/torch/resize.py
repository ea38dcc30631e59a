"""Resize, in all of ONNX's ways that need no region of interest and do not blur before they shrink.

PyTorch's own is taken where it means the same; the rest is done axis by axis, each pixel being a sum of a few others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as f

from engine.runtimes.torch.operator import Operator, Tensor

_Places = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Axis:
    """One axis. scale: of the new length over the old, as the file gives it or as the lengths do."""

    old: int
    new: int
    scale: float


def _half_pixel(places: _Places, axis: Axis) -> _Places:
    return (places + np.float32(0.5)) / np.float32(axis.scale) - np.float32(0.5)


def _half_pixel_symmetric(places: _Places, axis: Axis) -> _Places:
    adjusted = axis.new / (axis.old * axis.scale)
    return np.asarray(_half_pixel(places, axis) + np.float32(axis.old / 2 * (1 - adjusted)), np.float32)


def _pytorch_half_pixel(places: _Places, axis: Axis) -> _Places:
    return _half_pixel(places, axis) if axis.new > 1 else np.zeros_like(places)


def _align_corners(places: _Places, axis: Axis) -> _Places:
    return places * np.float32(axis.old - 1) / np.float32(axis.new - 1) if axis.new > 1 else np.zeros_like(places)


def _asymmetric(places: _Places, axis: Axis) -> _Places:
    return places / np.float32(axis.scale)


# Where in the old image a pixel of the new one is.
_COORDINATES: Mapping[str, Callable[[_Places, Axis], _Places]] = {
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _half_pixel_symmetric,
    "pytorch_half_pixel": _pytorch_half_pixel,
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
}

_ROUNDING: Mapping[str, Callable[[_Places], _Places]] = {
    "round_prefer_floor": lambda places: np.ceil(places - np.float32(0.5)),
    "round_prefer_ceil": lambda places: np.floor(places + np.float32(0.5)),
    "floor": np.floor,
    "ceil": np.ceil,
}


def _resize(
    image: Tensor,
    _region: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
    *,
    axes: Sequence[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Tensor:
    wanted = _wanted(image, scales, sizes, axes)
    if mode == "linear" and (done := _by_pytorch(image, wanted, coordinate_transformation_mode)) is not None:
        return done
    for at, axis in wanted.items():
        if axis.new == axis.old and axis.scale == 1:
            continue
        places = _COORDINATES[coordinate_transformation_mode](np.arange(axis.new, dtype=np.float32), axis)
        sources, weights = _taps(places, mode, nearest_mode, cubic_coeff_a)
        if exclude_outside:
            weights = weights * ((sources >= 0) & (sources < axis.old))
            weights = weights / weights.sum(0)
        image = _mixed(image, at, sources.clip(0, axis.old - 1), weights)
    return image


def _wanted(
    image: Tensor, scales: Tensor | None, sizes: Tensor | None, axes: Sequence[int] | None
) -> Mapping[int, Axis]:
    """The axes by their place. A file gives sizes or scales; one that is not meant may be there and be empty."""
    along = range(image.dim()) if axes is None else [axis % image.dim() for axis in axes]
    if sizes is not None and sizes.numel():
        lengths = sizes.tolist()
        return {at: Axis(image.shape[at], new, new / image.shape[at]) for at, new in zip(along, lengths, strict=True)}
    factors = [] if scales is None else scales.tolist()
    return {
        at: Axis(image.shape[at], int(np.float32(image.shape[at]) * np.float32(scale)), scale)
        for at, scale in zip(along, factors, strict=True)
    }


def _by_pytorch(image: Tensor, wanted: Mapping[int, Axis], coordinates: str) -> Tensor | None:
    """Linear resizing of the last two axes of four, where the lengths say all; None for anything else."""
    last = (2, 3)
    still = all(axis.new == axis.old for at, axis in wanted.items() if at not in last)
    exact = all(abs(axis.new - axis.old * axis.scale) < 1e-6 * axis.new for axis in wanted.values())
    if image.dim() != 4 or not image.is_floating_point() or not still or not exact:
        return None
    old = tuple(image.shape[2:])
    new = tuple(wanted[at].new if at in wanted else image.shape[at] for at in last)
    if coordinates == "half_pixel" or (coordinates == "pytorch_half_pixel" and min(new) > 1):
        return f.interpolate(image, new, mode="bilinear", align_corners=False)
    if coordinates == "align_corners" and min(new) > 1:
        return f.interpolate(image, new, mode="bilinear", align_corners=True)
    if coordinates == "asymmetric" and old != new:
        # The same steps as between corners of one pixel more on each side: (old + 1 - 1) / (new + 1 - 1).
        more = f.pad(image, (0, 1, 0, 1), mode="replicate")
        enlarged = f.interpolate(more, tuple(length + 1 for length in new), mode="bilinear", align_corners=True)
        return enlarged[:, :, : new[0], : new[1]]
    return None


def _taps(
    places: _Places, mode: str, nearest_mode: str, coefficient: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """The old pixels that each new one is made of, and their weights; both [taps, new]."""
    if mode == "nearest":
        nearest = _ROUNDING[nearest_mode](places)[None]
        return nearest.astype(np.int64), np.ones(nearest.shape)
    floor = np.floor(places)
    part = np.asarray(places - floor, np.float64)
    reach = (0, 1) if mode == "linear" else (-1, 0, 1, 2)
    sources = np.stack([floor.astype(np.int64) + step for step in reach])
    if mode == "linear":
        return sources, np.stack([1 - part, part])
    return sources, np.stack([_cubic(np.abs(part - step), coefficient) for step in reach])


def _cubic(distance: npt.NDArray[np.float64], a: float) -> npt.NDArray[np.float64]:
    """Keys' kernel (1981)."""
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((distance - 5) * distance + 8) * distance * a - 4 * a
    return np.where(distance <= 1, near, far)


def _mixed(image: Tensor, at: int, sources: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> Tensor:
    picked = [image.index_select(at, torch.from_numpy(each).to(image.device)) for each in sources]
    if len(picked) == 1:
        return picked[0]
    kind = image.dtype if image.is_floating_point() else torch.float32
    shape = [-1 if axis == at else 1 for axis in range(image.dim())]
    factors = torch.from_numpy(weights).to(image.device, kind).reshape(len(weights), *shape)
    mixed = picked[0] * factors[0]
    for each, factor in zip(picked[1:], factors[1:], strict=True):
        mixed = torch.addcmul(mixed, each.to(kind), factor)
    return mixed.to(image.dtype)


OPERATORS: Mapping[str, Operator] = {
    "Resize": Operator(
        _resize,
        numbers=(1, 2, 3),
        known={
            "antialias": (0,),
            "coordinate_transformation_mode": tuple(_COORDINATES),
            "keep_aspect_ratio_policy": ("stretch",),
            "mode": ("nearest", "linear", "cubic"),
            "nearest_mode": tuple(_ROUNDING),
        },
        idle=("extrapolation_value",),  # of tf_crop_and_resize alone
    ),
}
