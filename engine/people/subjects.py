"""Everybody in a picture -> its subjects: the people it is about, without the passers-by."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from engine.types import Box, Person, Rgb8

# Measured on 72 street photos and 14 groups: passers-by were under 0.6 of the subject's height or blurred to under 0.6
# of its sharpness; people of a group were not, or stood so near to one another that their boxes touched.
_SAME_HEIGHT = 0.6
_SAME_SHARPNESS = 0.6
_SURE = 0.25
_NEAR_HEIGHT = 0.2
_NEAR_SHARPNESS = 0.9

# Sharpness is what a small blur takes away, at the strongest tenth of the pixels.
_BLUR_SIGMA = 1.0
_STRONGEST = 90


def choose_subjects(people: tuple[Person, ...], picture: Rgb8, wanted: str | int) -> tuple[Person, ...]:
    """Those to cut out, largest first. wanted: "auto", "all", "largest" or a number of people."""
    ordered = tuple(sorted(people, key=lambda person: person.box.area, reverse=True))
    if wanted == "all" or not ordered:
        return ordered
    if wanted == "largest":
        return ordered[:1]
    if isinstance(wanted, int):
        return ordered[:wanted]
    return _without_passers_by(ordered, picture)


def _without_passers_by(people: tuple[Person, ...], picture: Rgb8) -> tuple[Person, ...]:
    """Keeps the largest, all of comparable size and sharpness, and who stands sharp beside one that is kept."""
    detail = _detail(picture)
    main = people[0]
    sharpness = _sharpness(detail, main.box)

    def compares(person: Person, height: float, sharp: float) -> bool:
        return person.box.height >= height * main.box.height and _sharpness(detail, person.box) >= sharp * sharpness

    kept = [
        main,
        *(each for each in people[1:] if each.score >= _SURE and compares(each, _SAME_HEIGHT, _SAME_SHARPNESS)),
    ]
    near = [each for each in people if each not in kept and compares(each, _NEAR_HEIGHT, _NEAR_SHARPNESS)]
    while joining := [each for each in near if any(each.box.shared_with(one.box) > 0 for one in kept)]:
        kept += joining
        near = [each for each in near if each not in joining]
    return tuple(each for each in people if each in kept)


def _detail(picture: Rgb8) -> npt.NDArray[np.uint8]:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), _BLUR_SIGMA)), np.uint8)


def _sharpness(detail: npt.NDArray[np.uint8], box: Box) -> float:
    inside = detail[int(box.y0) : max(int(box.y0) + 1, int(box.y1)), int(box.x0) : max(int(box.x0) + 1, int(box.x1))]
    return float(np.percentile(inside, _STRONGEST)) if inside.size else 0.0
