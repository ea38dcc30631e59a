"""Who listens to hints, in tests: what is told is waited for, at most ten seconds; that nothing is, by what is told
after it."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from daemon.watch.hints import Hint, Hints
from daemon.watch.hot_folder import HotFolder

Told = tuple[str, str]


class Listen(Protocol):
    def __call__(self, folder: HotFolder, *, watch: bool = True) -> Ear: ...


class Ear:
    """Hints of one hot folder, and what they told."""

    def __init__(self, folder: HotFolder) -> None:
        self.folder = folder
        self.watch = folder.watch
        self.queue: queue.SimpleQueue[Hint] = queue.SimpleQueue()
        self.hints = Hints(self.queue.put)
        self.hints.start()

    def heard(self, last: Told) -> list[Told]:
        """All that is told until this is, without repetitions that follow each other."""
        told: list[Told] = []
        while last not in told:
            hint = self.queue.get(timeout=10)
            assert hint.folder == self.folder
            if told[-1:] != [(hint.name, hint.kind)]:
                told.append((hint.name, hint.kind))
        return told

    def heard_so_far(self) -> list[Told]:
        """All that was told until now: what is done here comes after it."""
        end = self.watch / "end.jpg"
        end.touch()
        told = self.heard(("end.jpg", "changed"))[:-1]
        end.unlink()
        self.heard(("end.jpg", "left"))
        return told


@contextmanager
def listening() -> Iterator[Listen]:
    """A function that begins to listen to a hot folder; all that it began ends here."""
    ears: list[Ear] = []

    def start(folder: HotFolder, *, watch: bool = True) -> Ear:
        ear = Ear(folder)
        ears.append(ear)
        if watch:
            ear.hints.watch(folder)
        return ear

    try:
        yield start
    finally:
        for each in ears:
            each.hints.stop()
