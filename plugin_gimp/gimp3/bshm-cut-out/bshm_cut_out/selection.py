"""What is selected on a layer: as points for the engine, and beside a matte. Knows no GIMP."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

_CELLS = 20  # across and down; each in which something is selected gives one point

_HALF = bytes(128) + b"\xff" * 128  # tables for bytes.translate: 255 where a sample is at least half ...
_ANY = b"\0" + b"\xff" * 255  # ... or more than 0


@dataclass(frozen=True)
class Selected:
    """left, top, width, height: of its bounds, in the layer's pixels, inside the layer. samples: 8 bits each, row by
    row; one of them at least is more than 0."""

    left: int
    top: int
    width: int
    height: int
    samples: bytes


def points(selected: Selected) -> tuple[tuple[int, int], ...]:
    """Selected pixels, in the layer's: one from each cell of a grid over the bounds, so that no mark is too small
    beside another. Where nothing is selected by half, what is selected at all counts."""
    marks = selected.samples.translate(_HALF)
    if not any(marks):
        marks = selected.samples.translate(_ANY)
    across, down = _edges(selected.width), _edges(selected.height)
    rows = [marks[y * selected.width : (y + 1) * selected.width] for y in range(selected.height)]
    found = []
    for top, bottom in pairwise(down):
        for left, right in pairwise(across):
            hit = [y for y in range(top, bottom) if rows[y].find(b"\xff", left, right) >= 0]
            if hit:
                y = hit[len(hit) // 2]
                x = rows[y].find(b"\xff", (left + right) // 2, right)
                found.append((selected.left + (x if x >= 0 else rows[y].rfind(b"\xff", left, right)), selected.top + y))
    return tuple(found)


def _edges(length: int) -> list[int]:
    cells = min(_CELLS, length)
    return [length * number // cells for number in range(cells + 1)]


def holds_any(selected: Selected, alpha: bytes, width: int) -> bool:
    """Whether a layer's alpha is anywhere more than 0 where something is selected. width: the layer's."""
    starts = (y * width + selected.left for y in range(selected.top, selected.top + selected.height))
    part = b"".join(alpha[start : start + selected.width] for start in starts)
    one, other = (int.from_bytes(each.translate(_ANY), "big") for each in (part, selected.samples))
    return bool(one & other)
