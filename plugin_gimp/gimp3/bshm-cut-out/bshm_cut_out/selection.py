"""What is selected on a layer: as points for the engine, and beside a matte. Knows no GIMP."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

_CELLS = 20  # across and down; each in which something is selected gives one point

_HALF = bytes(128) + b"\xff" * 128  # tables for bytes.translate: 255 where a sample is at least half ...
_ANY = b"\0" + b"\xff" * 255  # ... or more than 0


@dataclass(frozen=True)
class Selected:
    """width, height: the layer's. samples: 8 bits for each of its pixels, row by row; one of them at least is more
    than 0."""

    width: int
    height: int
    samples: bytes


def points(selected: Selected) -> tuple[tuple[int, int], ...]:
    """Selected pixels, in the layer's: one from each cell of a grid over the bounds, so that no mark is too small
    beside another. Where nothing is selected by half, what is selected at all counts."""
    marks = selected.samples.translate(_HALF)
    if not any(marks):
        marks = selected.samples.translate(_ANY)
    rows = [marks[y * selected.width : (y + 1) * selected.width] for y in range(selected.height)]
    marked = [(y, row.find(b"\xff"), row.rfind(b"\xff")) for y, row in enumerate(rows) if b"\xff" in row]
    down = _edges(marked[0][0], marked[-1][0] + 1)
    across = _edges(min(first for _, first, _ in marked), max(last for _, _, last in marked) + 1)
    found = []
    for top, bottom in pairwise(down):
        for left, right in pairwise(across):
            hit = [y for y in range(top, bottom) if rows[y].find(b"\xff", left, right) >= 0]
            if hit:
                y = hit[len(hit) // 2]
                x = rows[y].find(b"\xff", (left + right) // 2, right)
                found.append((x if x >= 0 else rows[y].rfind(b"\xff", left, right), y))
    return tuple(found)


def _edges(start: int, end: int) -> list[int]:
    cells = min(_CELLS, end - start)
    return [start + (end - start) * number // cells for number in range(cells + 1)]


def holds_any(selected: Selected, alpha: bytes) -> bool:
    """Whether a layer's alpha is anywhere more than 0 where something is selected."""
    one, other = (int.from_bytes(each.translate(_ANY), "big") for each in (alpha, selected.samples))
    return bool(one & other)
