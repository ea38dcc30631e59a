"""How far a download or an installation is, shown as it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from daemon.terminal import complain

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from engine.models.progress import Progress


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """On a terminal a bar that goes away when all is done; elsewhere a line for each step."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    words, amount = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[amount]}")
    with RichProgress(SpinnerColumn(), words, BarColumn(), amount, console=console, transient=True) as display:
        yield _Bar(display)


class _Lines:
    """A line for each step, for logs."""

    def __init__(self) -> None:
        self._words = ""

    def __call__(self, words: str, _done: int | None, total: int | None, /) -> None:
        if words != self._words:
            self._words = words
            complain(f"{words} ({megabytes(total)})" if total else words)


class _Bar:
    """One bar, which starts anew at each step; it moves to and fro where nothing is known of how far the step is."""

    def __init__(self, display: RichProgress) -> None:
        self._display = display
        self._task = display.add_task("", total=None, amount="")
        self._words = ""

    def __call__(self, words: str, done: int | None, total: int | None, /) -> None:
        if words != self._words:
            self._words = words
            self._display.reset(self._task, description=words, total=None, amount="")
        amount = " of ".join(megabytes(each) for each in (done, total) if each)
        self._display.update(self._task, completed=done or 0, total=total if done else None, amount=amount)


def megabytes(size: int) -> str:
    """Bytes, in words."""
    return f"{size / 1e6:.1f} MB"
