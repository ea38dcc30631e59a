"""The jobs of the resident engine: what each asks for, how far it is, and what became of it."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from engine.errors import RequestError
from engine.logs import harmless
from engine.queue import Bounds, Priority
from engine.rates import Rates
from engine.settings import Queue
from engine.shared import Shared
from engine.worker.order import Order, Part

State = Literal["queued", "running", "done", "failed", "cancelled"]

# Jobs that have ended are remembered, so that a client can still ask what became of its own.
_REMEMBERED = 1000


@dataclass(frozen=True)
class Results:
    """What came of a picture: the bytes, and where in them each part lies; the report is the first."""

    shared: Shared
    parts: tuple[Part, ...]


@dataclass(eq=False)
class Job:
    """One picture in the engine's hands.

    name: its ID, chosen by the client. ticket: what the worker knows it by: the ID of a cancelled job may come again
    before the worker has done with it. tries: how often it was handed to a worker and lost with it. held: seconds for
    which a person's picture went before it, since its deadline was last looked at. reserved: bytes that count in the
    queue's bounds. closed: it takes no room any more. answer: its results, or the error. Times are of time.monotonic().
    """

    name: str
    priority: Priority
    answer: asyncio.Future[Results]
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)
    opened: float = field(default_factory=time.monotonic)
    begun: float | None = None
    ended: float | None = None
    state: State = "queued"
    stage: str = "receive"
    progress: float = 0.0
    tries: int = 0
    held: float = 0.0
    reserved: int = 0
    closed: bool = False
    order: Order | None = None
    body: Shared | None = None

    @property
    def active(self) -> bool:
        """Whether its end is still to come."""
        return self.state in ("queued", "running")

    @property
    def called(self) -> str:
        """What sentences call its picture."""
        return self.order.name if self.order else f"job '{self.name}'"

    def send_back(self, step: str) -> None:
        """To the queue: it is begun anew. step: a sentence for the report's steps, or ""."""
        self.state, self.stage, self.progress = "queued", "wait", 0.0
        if self.order and step:
            self.order = replace(self.order, steps=(*self.order.steps, step))

    def end(self, state: State) -> None:
        """Nothing more will be done for it."""
        self.state, self.ended = state, time.monotonic()
        if state == "done":
            self.stage, self.progress = "done", 1.0

    def record(self, position: int | None) -> dict[str, Any]:
        """What a client is told of it. position: how many go before it in the queue; None where it does not wait."""
        return {
            "job": self.name,
            "state": self.state,
            "stage": self.stage,
            "progress": self.progress,
            "position": position,
            "priority": self.priority,
            "seconds": round((self.ended or time.monotonic()) - self.opened, 3),
        }


class Jobs:
    """The jobs there are, and the last ones that ended, by their IDs; and the room for more."""

    def __init__(self, settings: Queue) -> None:
        self.bounds = Bounds(settings.pictures, int(settings.megabytes * 1e6))
        self.rates = Rates()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def __iter__(self) -> Iterator[Job]:
        """Those whose end is still to come, oldest first."""
        return (job for job in tuple(self._jobs.values()) if job.active)

    def open(self, name: str | None, priority: Priority) -> Job:
        """A place for a new job. name: None for one of our choice.

        Raises RequestError (409) where a job has that name already, BusyError where there is no room.
        """
        chosen = name or uuid.uuid4().hex
        known = self._jobs.get(chosen)
        if known and known.active:
            raise RequestError(f"job '{chosen}' is there already", remedy="Choose another ID", status=409)
        self.bounds.open(self.rates.retry_after)
        job = Job(chosen, priority, asyncio.get_running_loop().create_future())
        self._jobs[chosen] = job
        self._jobs.move_to_end(chosen)
        return job

    def find(self, name: str) -> Job:
        """The job of this name. Raises RequestError (404)."""
        if name not in self._jobs:
            what = f"job '{harmless(name[:64])}' is not known"
            raise RequestError(what, "it never was here, or it ended long ago", status=404)
        return self._jobs[name]

    def reserve(self, job: Job, length: int) -> None:
        """Room for bytes of the job's body. Raises BusyError."""
        self.bounds.reserve(length, self.rates.retry_after)
        job.reserved += length

    def add(self, job: Job, length: int) -> None:
        """Counts the bytes of the job's results, until it is closed."""
        self.bounds.add(length)
        job.reserved += length

    def close(self, job: Job) -> None:
        """A job that has ended: its client has its answer, or is gone; its memory and its place are free."""
        if job.closed:
            return
        job.closed = True
        if job.body:
            job.body.close()
        if (error := job.answer.exception()) is None:
            job.answer.result().shared.close()
        else:  # it is remembered; the frames of its traceback, with all that they hold, are not
            error.__traceback__ = error.__context__ = error.__cause__ = None
        job.order = job.body = None
        self.bounds.close(job.reserved)
        for old in [each.name for each in self._jobs.values() if each.closed][:-_REMEMBERED]:
            del self._jobs[old]
