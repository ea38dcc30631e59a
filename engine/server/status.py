"""What the engine says of itself: GET /v1/status, /v1/models, /readyz. None of it wakes the networks."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import psutil

from engine.dispatcher import Dispatcher
from engine.errors import BshmError, BusyError
from engine.jobs import Job
from engine.models.catalogue import NETWORKS, allowed
from engine.models.store import State, Store
from engine.problems import to_problem
from engine.queue import Priority
from engine.server.metrics import Metrics
from engine.server.schemas import STATES_READY
from engine.version import own_version

_LAST_ERRORS = 20


class Record:
    """What has happened since the start: counts of pictures by their ends, and the last errors."""

    def __init__(self, metrics: Metrics) -> None:
        self.started = time.monotonic()
        self.counts: Counter[str] = Counter()
        self._metrics = metrics
        self._errors: deque[dict[str, Any]] = deque(maxlen=_LAST_ERRORS)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The last ones, oldest first: time (ISO 8601), job, detail."""
        return list(self._errors)

    def add(
        self,
        outcome: str,
        priority: Priority,
        error: BshmError | None,
        *,
        job: str | None = None,
        waited: float | None = None,
        worked: float | None = None,
    ) -> None:
        """One more end, for the metrics as well. outcome: of metrics.OUTCOMES; "refused" before there was a job.
        Seconds as in Metrics.picture."""
        self.counts[outcome] += 1
        self._metrics.picture(outcome, priority, waited=waited, worked=worked)
        # That the queue is full is told to every client in turn: it would push out what happened before.
        if error and outcome != "cancelled" and not isinstance(error, BusyError):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            self._errors.append({"time": now, "job": job, "detail": str(error)})


def readiness(dispatcher: Dispatcher) -> tuple[int, Mapping[str, Any]]:
    """HTTP status and content of /readyz: whether a picture that comes now is worked on at once.

    "asleep" is ready too: the networks come back by themselves, and asking does not wake them.
    """
    state = state_of(dispatcher)
    if state in STATES_READY:
        return 200, {"state": state}
    why = dispatcher.keeper.why
    return 503, {"state": state, **(to_problem(why)[2] if why else {})}


def state_of(dispatcher: Dispatcher) -> str:
    """ready, asleep, starting, stopping or broken."""
    return "stopping" if dispatcher.stopping else dispatcher.keeper.state


def status(dispatcher: Dispatcher, record: Record, budget: int) -> Mapping[str, Any]:
    """All of GET /v1/status. budget: bytes that the worker may take."""
    settings, keeper, bounds = dispatcher.settings, dispatcher.keeper, dispatcher.jobs.bounds
    per_picture = dispatcher.jobs.rates.seconds_per_picture
    by_priority = Counter(job.priority for job in (*dispatcher.waiting, *dispatcher.running))
    return {
        "version": own_version(),
        "pid": os.getpid(),
        "worker_pid": keeper.pid,
        "state": state_of(dispatcher),
        "device": keeper.device,
        "uptime_seconds": round(time.monotonic() - record.started, 1),
        "settings": {
            "device": settings.device,
            "licences": settings.licences,
            "limits": asdict(settings.limits),
            "memory": {"longest_side": settings.memory.longest_side},
        },
        "queue": {
            "waiting": len(dispatcher.waiting),
            "running": len(dispatcher.running),
            "interactive": by_priority["interactive"],
            "batch": by_priority["batch"],
            "pictures": bounds.pictures,
            "bytes": bounds.bytes,
            "limit_pictures": bounds.most_pictures,
            "limit_bytes": bounds.most_bytes,
        },
        "jobs": _active_jobs(dispatcher),
        "networks": keeper.networks,
        "memory": {
            "server_bytes": resident(os.getpid()),
            "worker_bytes": resident(keeper.pid),
            "budget_bytes": budget,
        },
        "counts": {
            **{each: record.counts[each] for each in ("done", "failed", "cancelled", "refused")},
            "restarts": keeper.restarts,
        },
        "rates": {
            "pictures_per_minute": round(dispatcher.jobs.rates.pictures_per_minute, 1),
            "seconds_per_picture": None if per_picture is None else round(per_picture, 3),
        },
        "last_errors": record.errors,
    }


def job_record(dispatcher: Dispatcher, job: Job) -> Mapping[str, Any]:
    """What a client is told of one job."""
    waiting = dispatcher.waiting
    return job.record(waiting.index(job) if job in waiting else None)


def _active_jobs(dispatcher: Dispatcher) -> list[Mapping[str, Any]]:
    positions = {job: number for number, job in enumerate(dispatcher.waiting)}
    return [job.record(positions.get(job)) for job in dispatcher.jobs]


def models(dispatcher: Dispatcher, store: Store) -> Mapping[str, Any]:
    """All of GET /v1/models. Raises NetworkError where a network's file cannot be looked at."""
    licences, loaded = dispatcher.settings.licences, dispatcher.keeper.networks
    return {
        "networks": [
            {
                "name": each.name,
                "task": each.task,
                "licence": each.licence,
                "permissive": each.permissive,
                "installed": store.state(each) is State.INSTALLED,
                "loaded": each.name in loaded,
                "usable": allowed(each, licences),
            }
            for each in NETWORKS.values()
        ]
    }


def resident(pid: int | None) -> int:
    """Bytes of memory that a process has; 0 where there is none."""
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    except (psutil.Error, OSError):
        return 0
