"""The worker process: loads the networks, and works on several pictures at once, a thread each.

So one picture is decoded and another encoded while the networks run on a third. It ends when the server's end of the
channel is closed, whatever its threads are doing: a server that was killed leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import psutil

from engine.config_file import parse_settings
from engine.errors import (
    BshmError,
    BusyError,
    CancelledError,
    FaultError,
    MemoryShortError,
    OutputError,
    PictureError,
    UsageError,
)
from engine.estimate import room_for_pictures
from engine.memory import Budget, budget_bytes, enforce
from engine.models.catalogue import NETWORKS
from engine.pipeline import Engine
from engine.problems import to_problem
from engine.settings import Settings
from engine.shared import Shared
from engine.work import Work
from engine.worker import channel
from engine.worker.cut import cut, memory_of
from engine.worker.order import Order

_BEAT = 1.0  # seconds
_NO_FAULTS = (UsageError, PictureError, OutputError)  # of the engine's: the sentence says all that there is to know


def main(descriptor: int) -> None:
    """Serves the channel until its other end is closed."""
    faulthandler.enable()  # says on standard error where native code crashed
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # sent to a terminal's whole group: the server decides
        signal.signal(each, signal.SIG_IGN)
    end = socket.socket(fileno=descriptor)
    begin = channel.receive(end)
    if begin is None:
        return
    settings = parse_settings(json.dumps(begin[0]["settings"], ensure_ascii=False), "the server's settings")
    try:
        engine = Engine(settings)
        engine.warm_up()
    except BshmError as error:
        channel.send(end, {"say": "broken", "problem": to_problem(error)[2]})
        return
    budget = budget_bytes(settings)
    taken = psutil.Process().memory_info().rss
    room = Budget(room_for_pictures(budget, taken, [NETWORKS[name] for name in engine.loaded]))
    enforce(budget)
    channel.send(end, {"say": "ready", "device": engine.device, "networks": engine.loaded})
    _Worker(end, engine, settings, room).serve()


class _Worker:
    """What the threads of the process share."""

    def __init__(self, end: socket.socket, engine: Engine, settings: Settings, room: Budget) -> None:
        self._end, self._engine, self._settings, self._room = end, engine, settings, room
        self._cancelled: dict[str, threading.Event] = {}

    def serve(self) -> None:
        """Takes messages until the server's end is closed, and ends the process then."""
        threading.Thread(target=self._beat, daemon=True).start()
        pool = ThreadPoolExecutor(thread_name_prefix="picture")
        while (received := channel.receive(self._end)) is not None:
            message, body = received
            job = message["job"]
            if message["do"] == "cancel":
                if cancelled := self._cancelled.get(job):
                    cancelled.set()
                continue
            order = Order.from_json(message["order"])
            if body is None:  # this process has no descriptor left for it
                what, why = f"{order.name}: the engine cannot take it at the moment", "too many files are open"
                self._tell(job, order.name, BusyError(what, why, "Try again in 5 s", retry_after=5))
                continue
            self._cancelled[job] = threading.Event()
            pool.submit(self._work, job, order, body)
        os._exit(0)  # threads in native code cannot be asked

    def _work(self, job: str, order: Order, body: Shared) -> None:
        cancelled = self._cancelled[job]

        def reached(stage: str, progress: float) -> None:
            if cancelled.is_set():
                raise CancelledError(f"{order.name}: cancelled")
            channel.send(self._end, {"say": "stage", "job": job, "stage": stage, "progress": round(progress, 3)})

        work = Work(urgent=order.urgent, reached=reached)
        work.steps.extend(order.steps)
        try:
            with body:
                need = memory_of(order, body, self._settings.limits)
                with self._room.reserve(need, order.name, work):
                    shared, parts = cut(self._engine, order, body, self._settings, work)
            with shared:
                channel.send(self._end, {"say": "done", "job": job, "parts": parts}, shared)
        except Exception as error:  # noqa: BLE001  # one picture's trouble: told and logged, and the next one goes on
            self._tell(job, order.name, error)
        finally:
            del self._cancelled[job]

    def _tell(self, job: str, name: str, error: Exception) -> None:
        caused = not isinstance(error, BshmError) or error.__cause__ is not None
        trace = traceback.format_exc() if caused and not isinstance(error, _NO_FAULTS) else ""
        if isinstance(error, MemoryError):
            told: BshmError = MemoryShortError(
                f"{name}: there is not enough memory", remedy="Close other programs, or set memory.megabytes higher"
            )
        elif isinstance(error, BshmError):
            told = error
        else:
            why = f"a fault of this program, {type(error).__name__}; the engine's log says more"
            told = FaultError(f"{name}: not cut out", why, "Please report it")
        problem = to_problem(told)[2]
        channel.send(self._end, {"say": "failed", "job": job, "problem": problem, "trace": channel.shortened(trace)})

    def _beat(self) -> None:
        with contextlib.suppress(OSError):  # the server is gone, which ends the process
            while True:
                loaded = {"device": self._engine.device, "networks": self._engine.loaded}
                channel.send(self._end, {"say": "beat", **asdict(self._engine.pulse), **loaded})
                time.sleep(_BEAT)
