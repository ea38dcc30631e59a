"""Many pictures, one after the other: while one is cut out, the next are begun and the last is written.

What comes out keeps the order of what went in. What fails for one picture never stops the others, unless it would
fail for them too: an unknown network, a device or an engine that cannot be used, a full disk.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

from daemon.log import log_failure
from daemon.outputs import DiskFullError
from daemon.results import Results, warned
from engine.errors import BshmError, DeviceError, EngineError, FaultError, UsageError
from engine.types import Size

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_FATAL = (UsageError, DeviceError, EngineError, DiskFullError)


def _no_warning(_: Size) -> str | None:
    return None


@dataclass(frozen=True)
class Loaded:
    """A picture's file. name: what sentences call it. want: the words of settings.WANTS that are to be written.

    save: writes the results and gives the path of each as soon as it is there. warning: a sentence about a picture of
    this size, or None.
    """

    data: bytes
    name: str
    want: tuple[str, ...]
    save: Callable[[Results], Iterable[Path]]
    warning: Callable[[Size], str | None] = _no_warning


@dataclass(frozen=True)
class Begun:
    """A picture on its way. finish: what is left to do in its turn. large: it wants the memory for itself."""

    finish: Callable[[], Results]
    large: bool = False


class Cutter(Protocol):
    """What cuts pictures out: the networks of this process, or the resident engine."""

    @property
    def ahead(self) -> int:
        """How many pictures are begun ahead of their turn, 1 or more."""

    def begin(self, loaded: Loaded) -> Begun:
        """What can be done ahead of a picture's turn; several threads call this at once. Raises BshmError."""


@dataclass(frozen=True)
class Task:
    """A picture to be loaded when its turn comes; load gives None where nothing is to be done. name: for sentences."""

    name: str
    load: Callable[[], Loaded | None]


@dataclass(frozen=True)
class Outcome:
    """How it went: the report, or the error, or none of them where nothing was to be done.

    written: the files that are there now, also those before an error. report: as Results has it.
    """

    name: str
    written: tuple[Path, ...] = ()
    report: Mapping[str, Any] | None = None
    error: BshmError | None = None


@dataclass(frozen=True)
class _Ready:
    """A picture that was loaded and begun."""

    begun: Begun
    loaded: Loaded


def cut_out_all(tasks: Sequence[Task], cutter: Cutter) -> Iterator[Outcome]:
    """Loads, cuts and saves every task; cutter.ahead and two more pictures are in memory at most, a large one alone
    as far as none was begun before it was known to be large.

    After an error that would meet all that follow no other picture is begun: its outcome is the last one. What is
    being written at Ctrl-C is finished, so that no half of it stays; and yielded first, unless Ctrl-C comes in the very
    moment in which its writing begins.
    """
    waiting = deque(tasks)
    loading: deque[tuple[str, Future[_Ready | BshmError | None]]] = deque()
    saving: list[Future[Outcome]] = []  # none or one

    def load_more() -> None:
        while waiting and len(loading) < cutter.ahead:
            task = waiting.popleft()
            loading.append((task.name, _in_background(partial(_begin, task, cutter), outlive=False)))

    try:
        while waiting or loading:
            load_more()
            name, future = loading.popleft()
            ready = future.result()
            large = isinstance(ready, _Ready) and ready.begun.large
            if large and (yield from _finished(saving)):
                return
            if not large:
                load_more()
            results = _tried(name, _cut, ready) if isinstance(ready, _Ready) else ready
            if (yield from _finished(saving)):
                return
            save = ready.loaded.save if isinstance(ready, _Ready) else None
            saving.append(_in_background(partial(_save, name, save, results), outlive=True))
            if (large or isinstance(results, _FATAL)) and (yield from _finished(saving)):
                return
    except KeyboardInterrupt:
        yield from _finished(saving)
        raise
    yield from _finished(saving)


def _finished(saving: list[Future[Outcome]]) -> Generator[Outcome, None, bool]:
    """Yields what was being saved; True where its error would meet all that follow."""
    ended = False
    while saving:
        outcome = saving[0].result()  # Ctrl-C while this waits: it is still there to be told
        saving.clear()
        yield outcome
        ended = isinstance(outcome.error, _FATAL)
    return ended


def _begin(task: Task, cutter: Cutter) -> _Ready | BshmError | None:
    def begin() -> _Ready | None:
        loaded = task.load()
        return _Ready(cutter.begin(loaded), replace(loaded, data=b"")) if loaded else None

    return _tried(task.name, begin)


def _cut(ready: _Ready) -> Results:
    results = ready.begun.finish()
    report = results.report
    warning = ready.loaded.warning(Size(report["width"], report["height"]))
    return replace(results, report=warned(report, warning))


def _save(name: str, save: Callable[[Results], Iterable[Path]] | None, results: Results | BshmError | None) -> Outcome:
    if save is None or not isinstance(results, Results):
        return Outcome(name, error=results if isinstance(results, BshmError) else None)
    written: list[Path] = []

    def write() -> None:
        for path in save(results):
            written.append(path)  # noqa: PERF402  # one by one: an error keeps those before it

    error = _tried(name, write)
    return Outcome(name, tuple(written), error=error) if error else Outcome(name, tuple(written), results.report)


def _tried(
    name: str, step: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs
) -> _Result | BshmError:
    """What the step returns, or the error that it raised."""
    what = f"{name}: not cut out"
    try:
        return step(*given, **named)
    except BshmError as error:
        if error.__cause__:
            log_failure(name)
        return error
    except MemoryError:
        return BshmError(what, f"there is not enough memory; {log_failure(name)}", "Close other programs")
    except Exception as error:  # noqa: BLE001  # one picture's trouble: logged, told, and the next one goes on
        why = f"a fault of this program, {type(error).__name__}; {log_failure(name)}"
        return FaultError(what, why, "Please report it")


def _in_background(step: Callable[[], _Result], *, outlive: bool) -> Future[_Result]:
    """Runs the step in a thread of its own. outlive: the program does not end before it is done."""
    future: Future[_Result] = Future()

    def work() -> None:
        try:
            future.set_result(step())
        except BaseException as error:  # noqa: BLE001  # raised again by future.result()
            future.set_exception(error)

    threading.Thread(target=work, daemon=not outlive).start()
    return future
