"""What each word of `quality` switches: three points on the measured curve of success against time (README)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """passes: the most looks at each person, of those that routes has in their order of worth. mirrored: whether each
    look is taken again in the mirror, which evens out what a network does to left and right."""

    passes: int
    mirrored: bool


QUALITY: Mapping[str, Quality] = {
    "fast": Quality(passes=1, mirrored=False),
    "balanced": Quality(passes=3, mirrored=False),
    "best": Quality(passes=8, mirrored=True),
}
