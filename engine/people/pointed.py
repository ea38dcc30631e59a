"""Points -> the people on whom they lie, whoever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from engine.crops import size_of
from engine.types import Box, Crop, Matte, Person, Point

# How far a body may reach beyond its box, in parts of the box's longer side. Measured on 11 photos with 50 people:
# nothing of them lay further out than 0.1, but for one with a box that was too small: 2.7 % of her lay further out than
# 0.2, and nothing further than 0.3.
_REACH = 0.30

_THERE = 0.5  # the alpha over which a pixel is a person's


class Cropped(NamedTuple):
    """A matte [h, w] of a crop of the picture, at any size."""

    crop: Crop
    matte: Matte


def choose_pointed(
    people: Iterable[Person], points: Sequence[Point], matte: Callable[[Person], Cropped]
) -> list[Person]:
    """Those of the people on whom one of the points lies, in their order.

    A person is at a point where the matte is over a half. Networks know no neighbours, so that several people's mattes
    may hold a point where bodies touch: then it is the one's in whose box it lies deepest. matte: a person's, without
    the pieces that are others'; asked of those alone whose boxes have a point in them or near.
    """
    found: dict[Point, Person] = {}
    people = tuple(people)
    for each in people:
        near = [
            point for point in points if _distance(point, each.box) <= _REACH * max(each.box.width, each.box.height)
        ]
        if not near:
            continue
        own = matte(each)
        for point in near:
            if _alpha(own, point) > _THERE and (
                point not in found or _depth(point, each) > _depth(point, found[point])
            ):
                found[point] = each
    chosen = set(found.values())
    return [each for each in people if each in chosen]


def _distance(point: Point, box: Box) -> float:
    """Pixels from the box to the point, the larger of across and down; 0 inside."""
    x, y = point
    return max(box.x0 - x, x - box.x1, box.y0 - y, y - box.y1, 0.0)


def _depth(point: Point, person: Person) -> float:
    """1 in the middle of the person's box, 0 on its border, below 0 outside."""
    x, y = point
    box = person.box
    from_left, from_top = (x - box.x0) / box.width, (y - box.y0) / box.height
    return 2 * min(from_left, 1 - from_left, from_top, 1 - from_top)


def _alpha(own: Cropped, point: Point) -> float:
    """Of the pixel that holds the point; 0 outside of the crop."""
    crop, size = own.crop, size_of(own.matte)
    column, row = int(point[0]) + 0.5 - crop.left, int(point[1]) + 0.5 - crop.top
    if not (0 < column < crop.size.width and 0 < row < crop.size.height):
        return 0.0
    return float(own.matte[int(row * size.height / crop.size.height), int(column * size.width / crop.size.width)])
