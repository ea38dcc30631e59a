"""What is selected on a layer: for the engine, and beside a matte. Knows no GIMP."""

from __future__ import annotations

from dataclasses import dataclass

_HALF = bytes(128) + b"\xff" * 128  # tables for bytes.translate: 255 where a sample is at least half ...
_ANY = b"\0" + b"\xff" * 255  # ... or more than 0


@dataclass(frozen=True)
class Selected:
    """width, height: the layer's. samples: 8 bits for each of its pixels, row by row; one of them at least is more
    than 0."""

    width: int
    height: int
    samples: bytes


def marks(selected: Selected) -> bytes:
    """What the engine is to take for marked, at least 128 of a byte a pixel. Where nothing is selected by half, what is
    selected at all counts."""
    return selected.samples if any(selected.samples.translate(_HALF)) else selected.samples.translate(_ANY)


def holds_any(selected: Selected, alpha: bytes) -> bool:
    """Whether a layer's alpha is anywhere more than 0 where something is selected."""
    one, other = (int.from_bytes(each.translate(_ANY), "big") for each in (alpha, selected.samples))
    return bool(one & other)
