"""Pictures for red.pb, and the processes that work on them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import numpy as np
import psutil

from engine.runtimes.tf1.process import Pixels

# As in graphs.py, which this Python cannot import.
LOOPS, TAKES, FAILS = 7, 9, 11

SECONDS = 60.0  # more than anything here takes


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def looping(columns: int) -> Pixels:
    """About a tenth of a second for each column."""
    return noise(LOOPS, columns)


ENDLESS = looping(100_000)


def workers(parent: int | None = None) -> list[psutil.Process]:
    """The processes of engine.runtimes.tf1.worker that this one, or another, has started."""
    found = []
    for each in psutil.Process(parent).children():
        with suppress(psutil.Error):  # it has just ended
            if any("worker.py" in word for word in each.cmdline()):
                found.append(each)
    return found


def busy(process: psutil.Process) -> bool:
    """Whether it computes: two tenths of a second's work within the next half."""
    before = process.cpu_times().user
    time.sleep(0.3)
    return bool(process.cpu_times().user - before > 0.2)


def until(seen: object, seconds: float = 20) -> None:
    """Waits until a function of nothing says yes."""
    assert callable(seen)
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)


@contextmanager
def as_it_computes(times: int, does: signal.Signals) -> Iterator[None]:
    """`times` times, as soon as a worker is in the middle of a run, it gets this signal."""

    def watch() -> None:
        done: set[int] = set()
        while len(done) < times:
            for each in workers():
                with suppress(psutil.Error):
                    if each.pid not in done and busy(each):
                        each.send_signal(does)
                        done.add(each.pid)
            time.sleep(0.01)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    yield
    thread.join(SECONDS)
    assert not thread.is_alive()
