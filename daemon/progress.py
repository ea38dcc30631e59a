"""How far a run is: a bar on a terminal, else a line for each picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from daemon.terminal import complain

if TYPE_CHECKING:
    from daemon.batch import Outcome


@contextmanager
def progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """Gives a function that is told of each picture as it ends.

    While the bar stands, what is written to standard output and error by way of sys goes above it.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield _Lines(total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("cutting out"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True, soft_wrap=True)  # a path that is broken into lines cannot be copied
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        task = bar.add_task("", total=total)
        yield lambda _: bar.advance(task)


class _Lines:
    def __init__(self, total: int) -> None:
        self.total, self.number = total, 0

    def __call__(self, outcome: Outcome) -> None:
        self.number += 1
        if outcome.report:
            people, took = len(outcome.report["people"]), sum(outcome.report["milliseconds"].values()) / 1000
            who = "1 person" if people == 1 else f"{people} people"
            complain(f"[{self.number}/{self.total}] {outcome.name}: {who}, {took:.1f} s")
