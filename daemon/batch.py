"""Many pictures through one engine: while the networks work on one, the next is read and the last is written.

What comes out keeps the order of what went in. What fails for one picture never stops the others, unless it would
fail for them too: an unknown network, a device that cannot be used, a full disk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import ParamSpec, TypeVar

from daemon.log import log_failure
from daemon.outputs import DiskFullError
from engine.errors import BshmError, DeviceError, FaultError, UsageError
from engine.types import CutOut, Picture, Report

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_FATAL = (UsageError, DeviceError, DiskFullError)
_ALONE = 25_000_000  # pixels; three pictures of 24 megapixels at once take 1.2 GB, larger ones come one by one


@dataclass(frozen=True)
class Loaded:
    """A decoded picture, and what writes its results and gives the path of each as soon as it is there."""

    picture: Picture
    save: Callable[[CutOut], Iterable[Path]]


@dataclass(frozen=True)
class Task:
    """A picture to be loaded when its turn comes; load gives None where nothing is to be done. name: for sentences."""

    name: str
    load: Callable[[], Loaded | None]


@dataclass(frozen=True)
class Outcome:
    """How it went: the report, or the error, or none of them where nothing was to be done.

    written: the files that are there now, also those before an error.
    """

    name: str
    written: tuple[Path, ...] = ()
    report: Report | None = None
    error: BshmError | None = None


def cut_out_all(tasks: Sequence[Task], cut_out: Callable[[Picture], CutOut]) -> Iterator[Outcome]:
    """Loads, cuts and saves every task; at most three pictures are in memory, a large one alone.

    After a UsageError, DeviceError or DiskFullError no other picture is begun: its outcome is the last one. What is
    being written at Ctrl-C is finished, so that no half of it stays; and yielded first, unless Ctrl-C comes in the very
    moment in which its writing begins.
    """
    loading: Future[Loaded | BshmError | None] | None = None
    saving: list[Future[Outcome]] = []  # none or one
    try:
        for task, following in zip_longest(tasks, tasks[1:]):
            loaded = loading.result() if loading else _load(task)
            alone = isinstance(loaded, Loaded) and loaded.picture.size.area > _ALONE
            if alone and (yield from _finished(saving)):
                return
            loading = _in_background(partial(_load, following), outlive=False) if following and not alone else None
            cut = _tried(task.name, cut_out, loaded.picture) if isinstance(loaded, Loaded) else None
            if (yield from _finished(saving)):
                return
            saving.append(_in_background(partial(_save, task.name, loaded, cut), outlive=True))
            if (alone or isinstance(loaded, _FATAL) or isinstance(cut, _FATAL)) and (yield from _finished(saving)):
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


def _load(task: Task) -> Loaded | BshmError | None:
    return _tried(task.name, task.load)


def _save(name: str, loaded: Loaded | BshmError | None, cut: CutOut | BshmError | None) -> Outcome:
    if not isinstance(loaded, Loaded) or not isinstance(cut, CutOut):
        error = loaded if isinstance(loaded, BshmError) else cut if isinstance(cut, BshmError) else None
        return Outcome(name, error=error)
    written: list[Path] = []

    def save() -> None:
        for path in loaded.save(cut):
            written.append(path)  # noqa: PERF402  # one by one: an error keeps those before it

    error = _tried(name, save)
    return Outcome(name, tuple(written), error=error) if error else Outcome(name, tuple(written), cut.report)


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
