"""How fast pictures come out, from the last ones: for people who watch, and for telling clients when to come again."""

from __future__ import annotations

import time
from collections import deque
from math import ceil

_PICTURES = 100
_SECONDS = 60.0


class Rates:
    """Of the last pictures that were done."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float]] = deque(maxlen=_PICTURES)  # when it ended, seconds under way

    def add(self, seconds: float) -> None:
        """A picture was under way for so long, and is done."""
        self._recent.append((time.monotonic(), seconds))

    @property
    def seconds_per_picture(self) -> float | None:
        """The mean time under way; None before the first."""
        return sum(seconds for _, seconds in self._recent) / len(self._recent) if self._recent else None

    @property
    def pictures_per_minute(self) -> float:
        """In the last minute, or in so much of it as the last pictures tell of."""
        now = time.monotonic()
        ends = [end for end, _ in self._recent if now - end < _SECONDS]
        full = len(ends) == _PICTURES
        return 60 * len(ends) / max(1.0, now - ends[0] if full else _SECONDS) if ends else 0.0

    @property
    def retry_after(self) -> int:
        """Seconds until a place in a full queue will probably be free; from 1 to 60."""
        return min(60, max(1, ceil(self.seconds_per_picture or 1)))
