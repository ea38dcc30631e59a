"""Boxes with scores, as arrays: rows of x0, y0, x1, y1 in pixels and a score of 0..1; and which of them are doubles."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]

NOTHING: Rows = np.zeros((0, 5), np.float32)


def areas(rows: Rows) -> Rows:
    """Square pixels of each box, or of one."""
    sides = np.clip(rows[..., 2:4] - rows[..., 0:2], 0, None)
    return np.asarray(sides.prod(-1), np.float32)


def shared_areas(row: Rows, rows: Rows) -> Rows:
    """The area that one box shares with each of several."""
    return areas(np.concatenate([np.maximum(row[:2], rows[:, :2]), np.minimum(row[2:4], rows[:, 2:4])], 1))


def overlaps(row: Rows, rows: Rows) -> Rows:
    """IoU of one box with each of several; their areas must not both be 0."""
    shared = shared_areas(row, rows)
    return shared / (areas(row) + areas(rows) - shared)


def without_doubles(rows: Rows, most_shared: float) -> Rows:
    """Non-maximum suppression: best first, without those whose IoU with a better one is over `most_shared`."""
    rows = rows[rows[:, 4].argsort(kind="stable")[::-1]]
    kept = [NOTHING]
    while len(rows):
        best, rows = rows[0], rows[1:]
        kept.append(best[None])
        shared = shared_areas(best, rows)
        rows = rows[shared <= most_shared * (areas(best) + areas(rows) - shared)]
    return np.concatenate(kept)


def without_parts(rows: Rows, inside: float, least_score: float) -> Rows:
    """Drops boxes round parts of bodies: those that lie, to `inside` of their area, in a larger box.

    The larger one must have at least `least_score` times their score; else one weak box round a whole group would
    swallow everyone in it.
    """
    keep = [
        not np.any(
            (areas(rows) > areas(row))
            & (rows[:, 4] >= least_score * row[4])
            & (shared_areas(row, rows) > inside * areas(row))
        )
        for row in rows
    ]
    return np.asarray(rows[np.array(keep, bool)], np.float32)
