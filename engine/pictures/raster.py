"""What a reader makes of a file's bytes, before orientation and metadata are settled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.pictures.depth import in_depth_of
from engine.types import Pixels, Source


@dataclass(frozen=True)
class Raster:
    """Pixels as they are stored, with what the file says about them.

    pixels: [H, W, 3] RGB, uint8 or uint16. alpha: [H, W] of the same type, not multiplied into pixels, or None.
    icc: an RGB profile, or None. exif: the EXIF block as it was found (a TIFF is one itself), b"" where there is none.
    turned: the decoder has applied the orientation already. notes: sentences for the report.
    """

    pixels: Pixels
    alpha: Pixels | None
    icc: bytes | None
    exif: bytes
    source: Source
    notes: tuple[str, ...] = ()
    turned: bool = False


def expanded(samples: Pixels, has_alpha: bool) -> tuple[Pixels, Pixels | None]:
    """Pixels [H, W, 3] and alpha [H, W] (None without `has_alpha`) from samples [H, W, C]: grey or RGB, then alpha."""
    colours = samples[..., :-1] if has_alpha else samples
    pixels = np.repeat(colours, 3, axis=2) if colours.shape[2] == 1 else np.ascontiguousarray(colours)
    alpha = in_depth_of(samples, np.ascontiguousarray(samples[..., -1])) if has_alpha else None
    return in_depth_of(samples, pixels), alpha
