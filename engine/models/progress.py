"""How far a download is, told to whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called again and again, with new words for each new step."""

    def __call__(self, words: str, done: int | None, total: int | None, /) -> None:
        """words: what is being done. done, total: bytes, None where that is not known."""
