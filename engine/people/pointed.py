"""Marked pixels -> the people who are there, whoever they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.crops import size_of
from engine.people.apart import off_centre
from engine.people.marks import Marks, shared
from engine.types import Box, Crop, Matte, Person, Size

_Indices = npt.NDArray[np.intp]

# How far a body may reach beyond its box, in parts of the box's longer side. Measured on 11 photos with 50 people:
# nothing of them lay further out than 0.1, but for one with a box that was too small: 2.7 % of her lay further out than
# 0.2, and nothing further than 0.3.
_REACH = 0.30

_THERE = 0.5  # the alpha over which a pixel is a person's

_ROWS = 128  # looked at together: of a large selection, claims on all of it at once would take much memory


class Cropped(NamedTuple):
    """Mattes [h, w] of a crop of the picture, at any size. body: the person, and whoever touches; own: the person
    alone, as far as that can be told."""

    crop: Crop
    body: Matte
    own: Matte


@dataclass(frozen=True, eq=False)
class Pointed:
    """Who is at the marked pixels. people: each of those, once. numbers: [h, w] of the bounds, 0 where nobody is at a
    marked pixel, else the place in `people`, from 1 on, of who is."""

    people: tuple[Person, ...]
    bounds: Crop
    numbers: npt.NDArray[np.uint16]

    def seen_in(self, crop: Crop, size: Size) -> npt.NDArray[np.int32]:
        """The numbers in a crop that is shown at this size: [h, w]. No marked pixel is lost where it is smaller."""
        seen = np.zeros((size.height, size.width), np.int32)
        part = shared(crop, self.bounds)
        if part.size.area:
            rows, down = _cells(crop.size.height, size.height, part.top - crop.top, part.bottom - crop.top)
            columns, across = _cells(crop.size.width, size.width, part.left - crop.left, part.right - crop.left)
            if rows.stop > rows.start and columns.stop > columns.start:
                numbers = self.numbers[_window(part, self.bounds)]
                seen[rows, columns] = np.maximum.reduceat(np.maximum.reduceat(numbers, down, 0), across, 1)
        return seen


def choose_pointed(people: Iterable[Person], marks: Marks, mattes: Callable[[Person], Cropped]) -> Pointed:
    """Who is at the marked pixels, of these people, in their order.

    A person is at a pixel where the matte is over a half. Where bodies touch, several people's may be: then it is one
    whose own matte it is; and of those, or of none, the one to whose box it is most central. mattes: asked of those
    alone whose boxes have a marked pixel in them or near.
    """
    near = [(each, reach) for each in people if marks.within(reach := shared(_reach(each.box), marks.bounds)).any()]
    claims = [_claim(each, reach, mattes(each)) for each, reach in near]
    numbers = np.zeros((marks.bounds.size.height, marks.bounds.size.width), np.uint16)
    for strip in _strips(marks.bounds):
        _settle(claims, marks, strip, numbers[_window(strip, marks.bounds)])
    return _of_those_who_are_there([each.person for each in claims], marks.bounds, numbers)


@dataclass(frozen=True, eq=False)
class _Claim:
    """Where a person may be. reach: looked at. body, own: [h, w] of the crop, at any size."""

    person: Person
    reach: Crop
    crop: Crop
    body: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]


def _claim(person: Person, reach: Crop, cropped: Cropped) -> _Claim:
    crop, body, own = cropped
    return _Claim(person, shared(reach, crop), crop, body > _THERE, own > _THERE)


def _settle(claims: Sequence[_Claim], marks: Marks, strip: Crop, numbers: npt.NDArray[np.uint16]) -> None:
    """Writes whose each marked pixel of a strip is, by the place in `claims`."""
    best = np.zeros(numbers.shape, np.float32)
    for number, each in enumerate(claims, 1):
        part = shared(each.reach, strip)
        if not part.size.area:
            continue
        marked = marks.within(part)
        if not marked.any():
            continue
        down, across = np.arange(part.top, part.bottom), np.arange(part.left, part.right)
        size = size_of(each.body)
        cells = np.ix_(
            _cell_of(down - each.crop.top, each.crop.size.height, size.height),
            _cell_of(across - each.crop.left, each.crop.size.width, size.width),
        )
        x, y = (np.asarray(places + 0.5, np.float32) for places in (across[None, :], down[:, None]))
        # Above 0 and up to 1; and from 1 on where the own matte says so, whatever the others claim.
        strength = each.own[cells] + 1 / (1 + off_centre(each.person.box, x, y))
        here = _window(part, strip)
        wins = marked & each.body[cells] & (strength > best[here])
        best[here][wins] = strength[wins]
        numbers[here][wins] = number


def _of_those_who_are_there(people: Sequence[Person], bounds: Crop, numbers: npt.NDArray[np.uint16]) -> Pointed:
    count = np.zeros(len(people) + 1, np.int64)
    for strip in _strips(bounds):
        count += np.bincount(numbers[_window(strip, bounds)].ravel(), minlength=len(count))
    there = count[1:] > 0
    if not there.all():
        anew = np.concatenate([[0], np.where(there, np.cumsum(there), 0)]).astype(np.uint16)
        for strip in _strips(bounds):
            part = numbers[_window(strip, bounds)]
            part[...] = anew[part]
    return Pointed(tuple(each for each, one in zip(people, there, strict=True) if one), bounds, numbers)


def _reach(box: Box) -> Crop:
    """The pixels where a person with this box may be."""
    reach = _REACH * max(box.width, box.height)
    return Crop(floor(box.x0 - reach), floor(box.y0 - reach), ceil(box.x1 + reach), ceil(box.y1 + reach))


def _strips(bounds: Crop) -> Iterator[Crop]:
    for top in range(bounds.top, bounds.bottom, _ROWS):
        yield Crop(bounds.left, top, bounds.right, min(top + _ROWS, bounds.bottom))


def _window(part: Crop, whole: Crop) -> tuple[slice, slice]:
    """Index of a part in an array of the whole."""
    left, top = whole.left, whole.top
    return slice(part.top - top, part.bottom - top), slice(part.left - left, part.right - left)


def _cell_of(pixels: _Indices, length: int, count: int) -> _Indices:
    """Which of `count` cells, that a crop's `length` pixels are shown as, holds the middle of each of these pixels."""
    return ((2 * pixels + 1) * count) // (2 * length)


def _cells(length: int, count: int, first: int, past: int) -> tuple[slice, _Indices]:
    """The cells that show the pixels from `first` on and before `past`, and with which of these each begins, counted
    from `first`. Where there are more cells than pixels, it is the pixel that the cell lies in."""
    starts = _starts(length, count)
    ends = np.maximum(np.append(starts[1:], length), starts + 1)
    held = np.flatnonzero((ends > first) & (starts < past))
    if not len(held):
        return slice(0, 0), held
    return slice(int(held[0]), int(held[-1]) + 1), np.maximum(starts[held] - first, 0)


def _starts(length: int, count: int) -> _Indices:
    cells = np.arange(count)
    if count <= length:  # the first pixel whose middle lies in the cell: the other way round than _cell_of
        return -((count - 2 * length * cells) // (2 * count))
    return ((2 * cells + 1) * length) // (2 * count)
