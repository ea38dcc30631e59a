"""A pool at work on one hot folder, without a running engine: what pictures meet is said by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from daemon.watch.display import Display
from daemon.watch.engine import Engine
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import Job, State
from daemon.watch.means import Means
from daemon.watch.pool import Pool
from engine.client import Answer
from engine.settings import Settings
from engine.settings import Watching as WatchSettings
from tests.daemon.watch.answering import Answering, means_of
from tests.daemon.watch.hot import hot_folder
from tests.engine.server.live import until

WANTED = replace(Settings(), want=("matte",))


class Listed(Display):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []
        self.sayings: list[str] = []
        self.looks = 0

    def waits(self, _: Callable[[], int]) -> None:
        self.looks += 1

    def said(self, sentence: str) -> None:
        self.sayings.append(sentence)

    def warned(self, sentence: str, error: BaseException | None = None) -> None:  # noqa: ARG002  # a display's
        self.warnings.append(sentence)


class Waited(Engine):
    """Is asked for when the engine is away, and is back at once."""

    def __init__(self) -> None:
        super().__init__(replace(Settings(), watch=replace(WatchSettings(), start_engine=False)), None, print)
        self.times = 0

    def wait(self, _: threading.Event) -> bool:
        self.times += 1
        return True


class Troubled(Answering):
    """Raises these errors, one after the other, before it answers; `gate` holds every picture up."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)
        self.gate = threading.Event()
        self.gate.set()
        self.at_once = self.most = 0
        self._lock = threading.Lock()

    def cut_out(self, *arguments: Any, **named: Any) -> Answer:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            error = self.errors.pop(0) if self.errors else None
        try:
            self.gate.wait(20)
            if error:
                raise error
            return super().cut_out(*arguments, **named)
        finally:
            with self._lock:
                self.at_once -= 1


@dataclass
class Working:
    """A pool with a folder, which is run by run()."""

    means: Means
    folder: HotFolder
    client: Troubled
    display: Listed = field(default_factory=Listed)
    engine: Waited = field(default_factory=Waited)

    def __post_init__(self) -> None:
        self.pool = Pool(replace(self.means, client=self.client), self.engine, self.display, 3)
        self.pool.serve([self.folder], settle=0.1)

    @property
    def jobs(self) -> list[Job]:
        return self.means.ledger.jobs()

    def states(self) -> list[State]:
        return [each.state for each in self.jobs]

    @contextmanager
    def run(self) -> Iterator[None]:
        thread = threading.Thread(target=self.pool.run)
        thread.start()
        try:
            yield
        finally:
            self.client.gate.set()
            self.pool.stop()
            self.pool.wait(10)
            thread.join(10)
            assert not thread.is_alive()
            assert not self.pool.under_way

    def until(self, *states: State) -> None:
        until(lambda: self.states() == [*states], 10)


@contextmanager
def pools(folder: Path) -> Iterator[Callable[..., Working]]:
    """Makes one in this folder, whose client raises these errors first, and whose hot folder has these changes."""
    hot = hot_folder(folder / "in", settings=WANTED, report=False)
    hot.watch.mkdir()
    with means_of(folder / "state" / "ledger") as means:
        yield lambda *errors, **changes: Working(means, replace(hot, **changes), Troubled(*errors))
