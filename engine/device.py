"""The device thread: every run of a network in this process goes through it, whichever picture's thread asks.

One run at a time has all the cores, which is faster than several side by side; and one place decides who goes first:
pictures that a person waits for, while the others' runs are held back, so that they take no core away; but never for
long. Runs of one network on tensors of one shape that wait at the same moment share a batch where the catalogue says
that this is faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Condition, Thread
from time import monotonic

from engine.errors import CancelledError
from engine.ladder import Asked, Run, outcomes
from engine.models.catalogue import Network
from engine.runtimes import Session, Tensor
from engine.runtimes.spare import WithSpare
from engine.shortage import short
from engine.work import Work

# A run is held back for pictures that a person waits for, but no longer than this, in seconds. Such a picture takes
# about as long, so one of them is hardly ever disturbed, and a stream of them leaves others a run a second each.
LONGEST_HELD = 1.0


@dataclass(frozen=True)
class Pulse:
    """For a watchdog. busy: seconds since the run under way began, 0 where none is. runs: how many have ended."""

    busy: float
    runs: int


@dataclass(eq=False)
class Waiting:
    """A run that waits for the device. held_since: time.monotonic() at which a picture that a person waits for first
    went before it, or None."""

    network: Network
    session: Session
    tensor: Tensor
    work: Work
    held_since: float | None = None
    outputs: Future[tuple[Tensor, ...]] = field(default_factory=Future)

    def overdue(self, now: float) -> bool:
        """Whether it was held back long enough."""
        return self.held_since is not None and now - self.held_since >= LONGEST_HELD


def chosen(waiting: Sequence[Waiting], holding: bool, now: float) -> tuple[Waiting, ...]:
    """Which runs are next, as one batch; none where all must wait. waiting: in the order in which they came.

    holding: a picture that a person waits for is under way, here or between two of its runs. now: time.monotonic().
    """
    may = [each for each in waiting if not holding or each.work.urgent or each.overdue(now)]
    if not may:
        return ()
    first = min(may, key=lambda each: (not each.overdue(now), not each.work.urgent, each.work.begun))
    alike = [each for each in may if _could_share(each, first) and each is not first]
    return (first, *alike[: first.network.batch - 1])


def _could_share(one: Waiting, other: Waiting) -> bool:
    """A person who waits gains nothing from a batch that others make larger."""
    same_run = one.session is other.session and one.tensor.shape == other.tensor.shape
    return same_run and one.work.urgent == other.work.urgent


class Device:
    """Runs networks, for any number of threads, in one of its own, which begins with the first run."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._urgent_pictures = 0
        self._runs = 0
        self._busy_since: float | None = None
        self._closed = False
        self._changed = Condition()
        self._thread: Thread | None = None

    @property
    def pulse(self) -> Pulse:
        """Whether it goes on."""
        since, runs = self._busy_since, self._runs
        return Pulse(0.0 if since is None else monotonic() - since, runs)

    @contextmanager
    def attending(self, work: Work) -> Iterator[None]:
        """For as long as a picture is under way: where it is urgent, the runs of those that are not are held back."""
        if not work.urgent:
            yield
            return
        with self._changed:
            self._urgent_pictures += 1
            self._hold_back(self._waiting)
        try:
            yield
        finally:
            with self._changed:
                self._urgent_pictures -= 1
                self._changed.notify_all()

    def run(self, network: Network, session: Session, tensor: Tensor, work: Work) -> tuple[Tensor, ...]:
        """The outputs of a network for one picture; returns when they are there. tensor: see Session, a batch of 1.

        Raises MemoryShortError (engine.ladder), CancelledError after close(), and whatever the session raises.
        """
        run = Waiting(network, session, tensor, work)
        with self._changed:
            if self._closed:
                raise _ended()
            if self._thread is None:
                # A daemon, so that a program that forgets close() can end; run() never leaves a run behind.
                self._thread = Thread(target=self._serve, name="device", daemon=True)
                self._thread.start()
            self._waiting.append(run)
            if self._urgent_pictures:
                self._hold_back([run])
            self._changed.notify_all()
        try:
            return run.outputs.result()
        except BaseException:  # Ctrl-C too: the caller's arrays are free, and no run goes on, when it goes
            self._withdraw(run)
            raise

    def close(self) -> None:
        """Ends the thread after the run under way; who still waits gets CancelledError."""
        with self._changed:
            self._closed = True
            thread = self._thread
            self._changed.notify_all()
        self._turn_away(())
        if thread is not None:
            thread.join()

    def _turn_away(self, batch: Sequence[Waiting]) -> None:
        """Those of a batch that have no result, and all who wait; whoever comes later begins another thread."""
        with self._changed:
            self._thread = None
            left, self._waiting = [*batch, *self._waiting], []
        for each in left:
            if not each.outputs.done():
                each.outputs.set_exception(_ended() if self._closed else short("there is no memory for networks"))

    def _hold_back(self, runs: Sequence[Waiting]) -> None:
        for each in runs:
            if not each.work.urgent and each.held_since is None:
                each.held_since = monotonic()

    def _withdraw(self, run: Waiting) -> None:
        with self._changed:
            if run in self._waiting:
                self._waiting.remove(run)
                return
        run.outputs.exception()

    def _serve(self) -> None:
        batch: tuple[Waiting, ...] = ()
        try:
            while batch := self._next():
                self._do(batch)
                batch = ()  # a thread that waits holds no picture
        finally:  # it was closed; or memory ran out even here: then nobody waits for ever
            self._turn_away(batch)

    def _do(self, batch: tuple[Waiting, ...]) -> None:
        first = batch[0]
        asked = [Asked(each.tensor, each.work.steps) for each in batch]
        try:
            results = outcomes(partial(self._counted, first.session), first.network, asked, self._spare(first.session))
        except Exception as error:  # noqa: BLE001  # raised where somebody waits for it
            results = [error] * len(batch)
        for each, outcome in zip(batch, results, strict=True):
            if isinstance(outcome, Exception):
                each.outputs.set_exception(outcome)
            else:
                each.outputs.set_result(outcome)

    def _spare(self, session: Session) -> Run | None:
        if not isinstance(session, WithSpare):
            return None
        return lambda tensor: self._counted(session.spare, tensor)

    def _counted(self, session: Session, tensor: Tensor) -> tuple[Tensor, ...]:
        self._busy_since = monotonic()
        try:
            return session.run(tensor)
        finally:
            self._busy_since = None
            self._runs += 1

    def _next(self) -> tuple[Waiting, ...]:
        """Waits for the next batch; none: the device is closed."""
        with self._changed:
            while not self._closed:
                now = monotonic()
                if batch := chosen(self._waiting, self._urgent_pictures > 0, now):
                    self._waiting = [each for each in self._waiting if each not in batch]
                    return batch
                held = [each.held_since for each in self._waiting if each.held_since is not None]
                self._changed.wait(min(held) + LONGEST_HELD - now if held else None)
            return ()


def _ended() -> CancelledError:
    return CancelledError("the networks have been put away", remedy="Start the engine again")
