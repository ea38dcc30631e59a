"""The live line of `bshm watch` on a terminal; what else is said goes above it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import Counter, deque
from types import TracebackType

from rich.console import Console
from rich.live import Live as RichLive
from rich.text import Text

from daemon.watch.job import State

_MINUTE = 60.0


class Live:
    """Drawn anew when something happens, and never in between: where nothing does, nothing runs."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)  # a path that is broken cannot be copied
        self._live = RichLive(console=self._console, auto_refresh=False, transient=True)
        self._lock = threading.Lock()
        self._waiting = 0
        self._counts: Counter[State] = Counter()
        self._under_way: dict[int, str] = {}
        self._ends: deque[float] = deque()

    def __enter__(self) -> Live:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._live.stop()

    def handler(self, formatter: logging.Formatter) -> logging.Handler:
        """Writes records above the line."""
        handler = _Above(self._console)
        handler.setFormatter(formatter)
        return handler

    def waits(self, count: int) -> None:
        """So many pictures wait."""
        with self._lock:
            if count != self._waiting:
                self._waiting = count
                self._draw()

    def begun(self, job: int, name: str) -> None:
        """A job is worked on."""
        with self._lock:
            self._under_way[job] = name
            self._draw()

    def ended(self, job: int, state: State) -> None:
        """It no longer is."""
        with self._lock:
            self._under_way.pop(job, None)
            if state in (State.DONE, State.FAILED):
                self._counts[state] += 1
                self._ends.append(time.monotonic())
            self._draw()

    def _draw(self) -> None:
        with contextlib.suppress(OSError):  # the terminal was closed
            self._live.update(Text(self._line(), no_wrap=True, overflow="ellipsis"), refresh=True)

    def _line(self) -> str:
        parts = [f"{self._counts[State.DONE]} done", f"{self._waiting} waiting"]
        if failed := self._counts[State.FAILED]:
            parts.append(f"{failed} failed")
        while self._ends and self._ends[0] < time.monotonic() - _MINUTE:
            self._ends.popleft()
        names = [*self._under_way.values()]
        if names:
            parts.append(f"{len(self._ends)} in the last minute")
            parts.append(f"now: {', '.join(names)}")
        return ", ".join(parts)


class _Above(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Prints the record."""
        style = "yellow" if record.levelno >= logging.WARNING else ""
        with contextlib.suppress(OSError):
            self._console.print(Text(self.format(record), style))
