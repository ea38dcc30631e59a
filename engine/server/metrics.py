"""What the engine counts and measures of itself, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from engine.queue import PRIORITIES, Priority

# From a small portrait on a GPU to a group of people on a small CPU; and as long as a full queue lasts.
_WORKED = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 30, 60, 120)
_WAITED = (0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)

OUTCOMES = ("done", "failed", "cancelled", "refused")


@dataclass(frozen=True)
class Measured:
    """What is measured from time to time. waiting, running: pictures. queue_bytes: of pictures' files and results.
    server_bytes, worker_bytes: resident memory, 0 where there is no process. worker_up: whether networks are loaded.
    runs: of networks, counted by the worker since it started."""

    waiting: Mapping[Priority, int]
    running: int
    queue_bytes: int
    server_bytes: int
    worker_bytes: int
    worker_up: bool
    runs: int


class Metrics:
    """The engine's metrics, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._pictures = Counter(
            "bshm_pictures", "Pictures by what became of them.", ("outcome", "priority"), registry=registry
        )
        self._worked = Histogram(
            "bshm_picture_seconds",
            "Seconds under way at the worker, for pictures that were done.",
            ("priority",),
            buckets=_WORKED,
            registry=registry,
        )
        self._waited = Histogram(
            "bshm_waiting_seconds",
            "Seconds from the request to the work's begin, for pictures that were begun.",
            ("priority",),
            buckets=_WAITED,
            registry=registry,
        )
        self._answers = Counter("bshm_answers", "Answers by HTTP status.", ("status",), registry=registry)
        self._restarts = Counter(
            "bshm_worker_restarts", "Losses of the process that runs the networks.", ("reason",), registry=registry
        )
        self._runs = Counter("bshm_network_runs", "Runs of networks.", registry=registry)
        self._waiting = Gauge("bshm_queue_waiting", "Pictures that wait.", ("priority",), registry=registry)
        self._running = Gauge("bshm_queue_running", "Pictures at the worker.", registry=registry)
        self._bytes = Gauge(
            "bshm_queue_bytes", "Bytes of pictures and of their results, until they are sent.", registry=registry
        )
        self._memory = Gauge("bshm_resident_memory_bytes", "Resident memory.", ("process",), registry=registry)
        self._up = Gauge("bshm_worker_up", "1 while networks are loaded, else 0.", registry=registry)
        self._runs_seen = 0
        for priority in PRIORITIES:  # series that begin at 0 are seen to rise
            for outcome in OUTCOMES:
                self._pictures.labels(outcome, priority)
            self._worked.labels(priority)
            self._waited.labels(priority)

    def picture(self, outcome: str, priority: Priority, *, waited: float | None, worked: float | None) -> None:
        """A picture's end. outcome: of OUTCOMES. Seconds, or None: waited, where it was never begun; worked, where it
        was not done."""
        self._pictures.labels(outcome, priority).inc()
        if waited is not None:
            self._waited.labels(priority).observe(waited)
        if worked is not None:
            self._worked.labels(priority).observe(worked)

    def answered(self, status: int) -> None:
        """A request was answered with this HTTP status."""
        self._answers.labels(str(status)).inc()

    def worker_lost(self, reason: str) -> None:
        """The worker was lost. reason: one of few words."""
        self._restarts.labels(reason).inc()

    def measure(self, now: Measured) -> None:
        """Takes what is measured from time to time."""
        for priority in PRIORITIES:
            self._waiting.labels(priority).set(now.waiting.get(priority, 0))
        self._running.set(now.running)
        self._bytes.set(now.queue_bytes)
        self._memory.labels("server").set(now.server_bytes)
        self._memory.labels("worker").set(now.worker_bytes)
        self._up.set(now.worker_up)
        # A worker that was started anew counts from 0 again.
        self._runs.inc(now.runs - self._runs_seen if now.runs >= self._runs_seen else now.runs)
        self._runs_seen = now.runs

    def render(self) -> tuple[bytes, str]:
        """All of it as text, and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
