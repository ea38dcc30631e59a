"""Points -> the people on whom they lie, whoever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from engine.crops import size_of
from engine.people.apart import off_centre
from engine.types import Box, Crop, Matte, Person, Point

# How far a body may reach beyond its box, in parts of the box's longer side. Measured on 11 photos with 50 people:
# nothing of them lay further out than 0.1, but for one with a box that was too small: 2.7 % of her lay further out than
# 0.2, and nothing further than 0.3.
_REACH = 0.30

_THERE = 0.5  # the alpha over which a pixel is a person's


class Cropped(NamedTuple):
    """Mattes [h, w] of a crop of the picture, at any size. body: the person, and whoever touches; own: the person
    alone, as far as that can be told."""

    crop: Crop
    body: Matte
    own: Matte


def choose_pointed(
    people: Iterable[Person], points: Sequence[Point], mattes: Callable[[Person], Cropped]
) -> dict[Point, Person]:
    """Who is at each of the points, of these people; points at which nobody is are left out.

    A person is at a point where the matte is over a half. Where bodies touch, several people's may be: then it is one
    whose own matte it is; and of those, or of none, the one to whose box it is most central. mattes: asked of those
    alone whose boxes have a point in them or near.
    """
    found: dict[Point, tuple[bool, float, Person]] = {}
    for each in people:
        reach = _REACH * max(each.box.width, each.box.height)
        near = [point for point in points if _distance(point, each.box) <= reach]
        if not near:
            continue
        crop, body, own = mattes(each)
        for point in near:
            if _alpha(body, crop, point) > _THERE:
                claim = _alpha(own, crop, point) > _THERE, -_off_centre(point, each.box), each
                if point not in found or claim[:2] > found[point][:2]:
                    found[point] = claim
    return {point: person for point, (_, _, person) in found.items()}


def _distance(point: Point, box: Box) -> float:
    """Pixels from the box to the point, the larger of across and down; 0 inside."""
    x, y = point
    return max(box.x0 - x, x - box.x1, box.y0 - y, y - box.y1, 0.0)


def _off_centre(point: Point, box: Box) -> float:
    x, y = np.array(point, np.float32)[:, None]
    return float(off_centre(box, x, y)[0])


def _alpha(matte: Matte, crop: Crop, point: Point) -> float:
    """Of the pixel that holds the point; 0 outside of the crop."""
    size = size_of(matte)
    column, row = int(point[0]) + 0.5 - crop.left, int(point[1]) + 0.5 - crop.top
    if not (0 < column < crop.size.width and 0 < row < crop.size.height):
        return 0.0
    return float(matte[int(row * size.height / crop.size.height), int(column * size.width / crop.size.width)])
