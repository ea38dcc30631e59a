"""A picture -> everybody in it: a look at the whole frame, then, for people who are small in it, at tiles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.crops import size_of, tiles
from engine.models.catalogue import Network
from engine.networks import Networks, resized
from engine.people.boxes import NOTHING, Rows, areas, overlaps, shared_areas, without_doubles, without_parts
from engine.people.detectors import LEAST_SCORE, detect, rescaled
from engine.people.tiny import matted
from engine.types import Box, Crop, Person, Rgb8, Size
from engine.upscale import upscale

# A tile shows bodies at full scale but also more that only looks like one: there a find must be surer.
_LEAST_TILE = 0.30

# What only a second detector sees must be surer too, and not a part or a double of what the first one saw.
_LEAST_SECOND = 0.30
_SEEN_BEFORE = 0.5

# Tiles are the detector's own square, cut from the picture scaled to these multiples of it; never enlarged by more
# than a quarter, since that adds no detail. That quarter finds people, though: of 40 composites of 0.5 % of 1200 x 900
# pixels, six had nobody found in them where the last level was left out, as it then would not have fitted whole. A
# level that is hardly larger than the one before shows nothing new.
_LEVELS = (2, 4)
_MOST_ENLARGED = 1.25
_LEAST_GAIN = 1.2
_OVERLAP = 0.35

# A detector sees people from about a tenth of its square up. Where the tallest has a quarter of it, everybody of
# comparable size has been seen, and smaller tiles would only add those in the distance.
_TALL_ENOUGH = 0.25

# Where it sees several people, it easily misses one among them: then the tallest must have more. Measured on 40
# composed crowds of 3 to 6 people, of which 95 % then succeed instead of 75 %.
_TALL_ENOUGH_OF_SEVERAL = 0.5

# Boxes that come within this many pixels of a tile's inner border are cut bodies: a neighbouring tile has them whole.
_BORDER = 10

# Pictures whose longer side has fewer pixels than this go through super-resolution first. Measured on 40 street photos
# shrunk until their people were 45 pixels tall: without it a detector saw every second person, with it nearly all.
_FEW_PIXELS = 128

_SAME_PERSON = 0.45  # IoU
_PART_INSIDE = 0.85  # share of the smaller box's area
_PART_SCORE = 0.7


@dataclass(frozen=True)
class Candidate:
    """Somebody, perhaps. first: the best detector saw it; else only a second one did."""

    person: Person
    first: bool


def find_candidates(networks: Networks, picture: Rgb8, thorough: bool) -> tuple[Candidate, ...]:
    """Who may be in a picture [H, W, 3] RGB. thorough: look at all tiles, whatever was found before."""
    frame = size_of(picture)
    detector, *others = networks.usable("people")
    seen = _with_enough_pixels(networks, picture)
    first = _with_tiles(networks, detector, seen, thorough)
    if seen is not picture:
        first = _with_body(matted(networks, seen), first)
    second = [_unseen(detect(networks, other, seen), first) for other in others]
    scale = frame.width / size_of(seen).width
    return (
        *(Candidate(_person(row, frame), True) for row in rescaled(first, scale)),
        *(Candidate(_person(row, frame), False) for row in rescaled(np.concatenate([NOTHING, *second]), scale)),
    )


def _with_enough_pixels(networks: Networks, picture: Rgb8) -> Rgb8:
    if max(size_of(picture)) >= _FEW_PIXELS:
        return picture
    (upscaler,) = networks.usable("upscale")
    return upscale(networks, upscaler, picture)


def _with_body(body: Rows, rows: Rows) -> Rows:
    """A matted body, unless one of the boxes is its own; of the others those that are not parts of it."""
    if any(overlaps(row, body).max(initial=0) > _SAME_PERSON for row in rows):
        return rows
    return np.concatenate([body, _unseen(rows, body, LEAST_SCORE)])


def _person(row: Rows, frame: Size) -> Person:
    return Person(Box(*map(float, row[:4])).within(frame), float(row[4]))


def _unseen(rows: Rows, seen: Rows, least_score: float = _LEAST_SECOND) -> Rows:
    rows = rows[rows[:, 4] >= least_score]
    smaller = [np.minimum(areas(row), areas(seen)) for row in rows]
    new = [not np.any(shared_areas(row, seen) > _SEEN_BEFORE * least) for row, least in zip(rows, smaller, strict=True)]
    return np.asarray(rows[np.array(new, bool)], np.float32)


def _with_tiles(networks: Networks, network: Network, picture: Rgb8, thorough: bool) -> Rows:
    long_side = max(picture.shape[:2])
    rows = detect(networks, network, picture)
    seen = network.side / long_side
    for level in _LEVELS:
        scale = min(level * network.side / long_side, _MOST_ENLARGED)
        sure = rows[rows[:, 4] >= _LEAST_TILE]
        tallest = float((sure[:, 3] - sure[:, 1]).max(initial=0))
        enough = _TALL_ENOUGH if len(rows) < 2 else _TALL_ENOUGH_OF_SEVERAL
        if scale < _LEAST_GAIN * seen or (not thorough and tallest * seen >= enough * network.side):
            break
        rows = np.concatenate([rows, *_look_at_tiles(networks, network, picture, scale)])
        rows = without_doubles(rows, _SAME_PERSON)
        seen = scale
    return without_parts(rows, _PART_INSIDE, _PART_SCORE)


def _look_at_tiles(networks: Networks, network: Network, picture: Rgb8, scale: float) -> Iterator[Rows]:
    frame = size_of(picture).scaled(scale)
    scaled = resized(picture, frame)
    for tile in tiles(frame, network.side, _OVERLAP):
        rows = detect(networks, network, scaled[tile.window])
        rows = rows[rows[:, 4] >= _LEAST_TILE] + np.array([tile.left, tile.top, tile.left, tile.top, 0], np.float32)
        rows = rows[_is_whole(rows, tile, frame)]
        yield rescaled(rows, 1 / scale)


def _is_whole(rows: Rows, tile: Crop, frame: Size) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    x0, y0, x1, y1 = rows[:, :4].T
    return np.asarray(
        ((x0 > tile.left + _BORDER) | (tile.left == 0))
        & ((x1 < tile.right - _BORDER) | (tile.right == frame.width))
        & ((y0 > tile.top + _BORDER) | (tile.top == 0))
        & ((y1 < tile.bottom - _BORDER) | (tile.bottom == frame.height)),
        np.bool_,
    )
