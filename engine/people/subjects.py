"""Everybody in a picture -> its subjects: the people it is about, without the passers-by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engine.crops import box_in_crop, size_of, window
from engine.networks import resized
from engine.types import Box, Crop, Person, Rgb8

# How sharp a person must be beside the main one, by height, both as parts of the main one's. Measured on 72 street
# photos, 14 groups and composed crowds: passers-by had under half of the subject's height, or up to 0.81 of it and at
# most 0.72 of its sharpness; nine in ten people of groups and crowds had over 0.83 of it.
_COMPARABLE = ((0.85, 0.5), (0.75, 0.73), (0.5, 0.8))

# Under this height of the main one, in pixels, everybody looks sharp: then only people of nearly its height compare.
_BLUR_SEEN = 120
_COMPARABLE_IN_FEW_PIXELS = _COMPARABLE[:1]

# Where two or more compare, it is a group: then the smaller ones, sharp and with boxes that touch, belong to it too.
_NEAR_HEIGHT = 0.2
_NEAR_SHARPNESS = 0.72

_LOOKED_AT = 1024  # long side: beyond it, noise would count as detail
_FINE, _COARSE = 1.0, 4.0  # sigmas
_STRONGEST = 98  # per cent


@dataclass(frozen=True)
class _Look:
    """How a person compares with the main one."""

    height: float
    sharpness: float


def choose_subjects(people: tuple[Person, ...], picture: Rgb8, wanted: str | int) -> tuple[Person, ...]:
    """Those to cut out, largest first. wanted: "auto", "all", "largest" or a number of people."""
    ordered = tuple(sorted(people, key=lambda person: person.box.area, reverse=True))
    if isinstance(wanted, int):
        return ordered[:wanted]
    if wanted == "largest":
        return ordered[:1]
    if wanted == "all" or len(ordered) < 2:
        return ordered
    return _without_passers_by(ordered, _looks(ordered, picture))


def _without_passers_by(people: tuple[Person, ...], looks: dict[Person, _Look]) -> tuple[Person, ...]:
    rules = _COMPARABLE if people[0].box.height >= _BLUR_SEEN else _COMPARABLE_IN_FEW_PIXELS
    kept = [people[0], *(each for each in people[1:] if _compares(looks[each], rules))]
    if len(kept) > 1:
        near = [each for each in people if each not in kept and _could_be_near(looks[each])]
        while joining := [each for each in near if any(each.box.shared_with(one.box) > 0 for one in kept)]:
            kept += joining
            near = [each for each in near if each not in joining]
    return tuple(each for each in people if each in kept)


def _compares(look: _Look, rules: Iterable[tuple[float, float]]) -> bool:
    return any(look.height >= height and look.sharpness >= sharpness for height, sharpness in rules)


def _could_be_near(look: _Look) -> bool:
    return look.height >= _NEAR_HEIGHT and look.sharpness >= _NEAR_SHARPNESS


def _looks(people: tuple[Person, ...], picture: Rgb8) -> dict[Person, _Look]:
    frame = size_of(picture)
    scale = min(1.0, _LOOKED_AT / max(frame))
    small = resized(picture, frame.scaled(scale))
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine, coarse = cv2.GaussianBlur(grey, (0, 0), _FINE), cv2.GaussianBlur(grey, (0, 0), _COARSE)
    details = np.abs(grey - fine), np.abs(fine - coarse)
    sharpness = {each: _sharpness(details, box_in_crop(each.box, Crop(0, 0, *frame), size_of(grey))) for each in people}
    main = people[0]
    return {
        each: _Look(each.box.height / main.box.height, sharpness[each] / max(sharpness[main], 1e-6)) for each in people
    }


def _sharpness(details: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]], box: Box) -> float:
    """Fine detail over coarse detail, at the strongest edges: blur lowers it, plain clothes do not."""
    fine, coarse = (float(np.percentile(detail[window(box)], _STRONGEST)) for detail in details)
    return fine / max(coarse, 1.0)
