"""Which job goes to the worker, when; what is done about one that is lost, late or not wanted any more.

A job whose worker was lost is tried once more, alone: so the picture that ends the process is told from those that
were beside it, and only that one is refused. A job past the engine's deadline is treated the same way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress

from engine.errors import BshmError, BusyError, CancelledError, DeadlineError, EngineError, FaultError
from engine.jobs import Job, Jobs, Results
from engine.logs import fields
from engine.losses import Role, fate_of
from engine.problems import from_problem
from engine.queue import PRIORITIES, Priority, Queue
from engine.settings import Settings
from engine.shared import Shared
from engine.worker.channel import Message
from engine.worker.keeper import Keeper
from engine.worker.order import Order, Part

# Pictures under way at once: while the networks work on one, another is decoded and a third encoded. A person's
# picture never waits for a batch picture's place.
AT_ONCE: Mapping[Priority, int] = {"interactive": 2, "batch": 3}

# Seconds for which jobs are refused when the networks could not be loaded; the next job tries it again.
_BROKEN = 5.0

_SHORT = 0.02

_log = logging.getLogger("bshm.engine")


class Dispatcher:
    """All of the engine's work. To be used from one event loop.

    finished: is told of each job that has ended, with its error; lost_worker of each loss, in a word.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        finished: Callable[[Job, BshmError | None], None],
        lost_worker: Callable[[str], None],
    ) -> None:
        self.settings = settings
        self.jobs = Jobs(settings.queue)
        self.keeper = Keeper(settings, environment, self._hear, self._turn, self._lost)
        self.stopping = self.hurried = False
        self._finished, self._lost_worker = finished, lost_worker
        self._queue: Queue[Job] = Queue()
        self._suspects: deque[Job] = deque()
        self._running: dict[str, Job] = {}  # by their tickets
        self._deadlines: dict[Job, asyncio.TimerHandle] = {}  # the clients'
        self._limits: dict[Job, asyncio.TimerHandle] = {}  # the engine's own
        self._culprit: Job | None = None  # the worker was ended because of it
        self._idle: asyncio.TimerHandle | None = None
        self._retiring: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> tuple[Job, ...]:
        """Jobs that wait for their turn; those that are tried again go first."""
        return (*self._suspects, *self._queue)

    @property
    def running(self) -> tuple[Job, ...]:
        """Jobs at the worker."""
        return tuple(self._running.values())

    # What clients ask for

    def open(self, name: str | None, priority: Priority, deadline: float | None) -> Job:
        """A place for a job, whose picture may then come in. deadline: seconds for all of it, from now.

        Raises BusyError where there is no room and while the engine stops, RequestError for a name that is taken.
        """
        if self.stopping:
            raise _stopping()
        job = self.jobs.open(name, priority)
        if deadline is not None:
            loop = asyncio.get_running_loop()
            self._deadlines[job] = loop.call_later(deadline, self._past, job, deadline)
        return job

    def enter(self, job: Job, order: Order, body: Shared) -> None:
        """The job's picture is there: it waits for its turn."""
        job.order, job.body, job.stage = order, body, "wait"
        if self.stopping:
            self.cancel(job, _stopping())
        if job.active:
            self._queue.add(job, job.priority)
            self._turn()

    def cancel(self, job: Job, why: BshmError | None = None) -> None:
        """Nobody wants it any more: it ends at once, and the worker stops working on it at its next stage."""
        if not job.active:
            return
        self._end(job, why or CancelledError(f"job '{job.name}' was cancelled"))

    def close(self, job: Job) -> None:
        """Its client has its answer, or is gone: nothing of it stays."""
        self.cancel(job)
        self.jobs.close(job)

    # The engine's own life

    def start(self) -> None:
        """Loads the networks."""
        self.keeper.wake()

    async def stop(self, within: float) -> None:
        """Queued jobs are refused, those under way may finish within so many seconds, or until `hurried` is set; then
        the worker ends."""
        self.stopping = True
        for job in self.waiting:
            self._end(job, _stopping())
        until = time.monotonic() + within
        while self._running and time.monotonic() < until and not self.hurried:
            await asyncio.sleep(_SHORT)
        for job in self.running:
            self._end(job, _stopping())
        self._running.clear()
        if self._retiring:
            await self._retiring
        await self.keeper.sleep()

    def reload(self, settings: Settings) -> None:
        """Other settings, from the next picture on; the networks are loaded anew when those under way are done."""
        self.settings = settings
        self.jobs.bounds.most_pictures = settings.queue.pictures
        self.jobs.bounds.most_bytes = int(settings.queue.megabytes * 1e6)
        self._retire(again=self.keeper.state != "asleep")

    # Turns

    def _turn(self) -> None:
        """Whatever changed: hands over what can be handed over."""
        if self._retiring:
            return
        if self.waiting and not self.stopping:
            if self.keeper.state == "broken" and self.keeper.silent < _BROKEN:
                for each in self.waiting:
                    self._end(each, self.keeper.why or EngineError("the networks cannot be loaded"))
                return
            self.keeper.wake()
        if self.keeper.state == "ready":
            while job := self._next():
                self._hand_over(job)
        self._watch_idleness()

    def _next(self) -> Job | None:
        if self._suspects:
            return None if self._running else self._suspects.popleft()
        if any(job.tries for job in self._running.values()):  # a suspect is under way, alone
            return None
        under_way = Counter(job.priority for job in self.running)
        room = [each for each in PRIORITIES if under_way[each] < AT_ONCE[each]]
        return self._queue.take(room)

    def _hand_over(self, job: Job) -> None:
        assert job.order  # noqa: S101  # enter() gave it
        job.state, job.begun = "running", job.begun or time.monotonic()
        self._running[job.ticket] = job
        loop = asyncio.get_running_loop()
        self._limits[job] = loop.call_later(self.settings.engine.deadline, self._late, job)
        self.keeper.send({"do": "run", "job": job.ticket, "order": job.order.to_json()}, job.body)

    def _watch_idleness(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None
        minutes = self.settings.engine.idle_unload
        if minutes and self.keeper.state == "ready" and not self._running and not self.waiting:
            self._idle = asyncio.get_running_loop().call_later(minutes * 60, self._retire)

    def _retire(self, *, again: bool = False) -> None:
        """Ends the worker when nothing is under way. again: starts another one then; else the next job does."""
        if not self._retiring:
            self._retiring = asyncio.create_task(self._retire_when_idle(again))

    async def _retire_when_idle(self, again: bool) -> None:
        try:
            while self._running:
                await asyncio.sleep(_SHORT)
            await self.keeper.sleep()
        finally:
            self.keeper.settings, self._retiring = self.settings, None
        if again and not self.stopping:
            self.keeper.wake()
        self._turn()

    # What becomes of a job

    def _hear(self, message: Message, shared: Shared | None) -> None:
        job = self._running.get(message["job"])
        said = message["say"]
        if job and said == "stage":
            job.stage, job.progress = message["stage"], message["progress"]
        elif said == "done":
            parts = tuple(Part(*part) for part in message["parts"])
            self._take_back(message["job"], Results(shared, parts) if shared else _too_many_files())
        elif said == "failed":
            if message["trace"]:
                _log.error("a picture failed", extra=fields(job=job and job.name, trace=message["trace"]))
            self._take_back(message["job"], from_problem(500, message["problem"]))

    def _take_back(self, ticket: str, outcome: Results | BshmError) -> None:
        """The worker has done with a job."""
        job = self._running.pop(ticket, None)
        if job:
            self._limits.pop(job).cancel()
            self._credit(job)
        if job and job.active:
            self._end(job, outcome)
        elif isinstance(outcome, Results):
            outcome.shared.close()  # nobody wants it any more
        self._turn()

    def _credit(self, person: Job) -> None:
        """Batch pictures are held back while a person's is under way (engine.device): that is no time of theirs."""
        if person.priority == "interactive":
            for job in self._running.values():
                if job.priority == "batch" and job.begun and person.begun:
                    job.held += time.monotonic() - max(job.begun, person.begun)

    def _end(self, job: Job, outcome: Results | BshmError) -> None:
        if deadline := self._deadlines.pop(job, None):
            deadline.cancel()
        with suppress(ValueError):
            self._suspects.remove(job)
        self._queue.remove(job, job.priority)
        if isinstance(outcome, Results):
            job.end("done")
            self.jobs.rates.add(time.monotonic() - (job.begun or job.opened))
            job.answer.set_result(outcome)
        else:
            job.end("cancelled" if isinstance(outcome, CancelledError) else "failed")
            job.answer.set_exception(outcome.with_traceback(None))  # which would hold on to the request's frames
            job.answer.exception()  # it counts as seen, also where its client is gone
        if job.ticket in self._running:  # the worker does not know yet
            self.keeper.send({"do": "cancel", "job": job.ticket})
        self._finished(job, None if isinstance(outcome, Results) else outcome)

    def _late(self, job: Job) -> None:
        """The engine's own deadline has passed, maybe for one that was cancelled, in a stage that does not end."""
        if job.held:
            loop = asyncio.get_running_loop()
            self._limits[job] = loop.call_later(job.held, self._late, job)
            job.held = 0.0
        else:
            _log.error("a picture is past its deadline", extra=fields(job=job.name, stage=job.stage))
            self._culprit = job
            self.keeper.kill(f"had not finished a picture in {self.settings.engine.deadline:g} s")

    def _past(self, job: Job, deadline: float) -> None:
        """The client's own deadline has passed."""
        self.cancel(
            job, DeadlineError(f"job '{job.name}' was not finished in time", f"its deadline was {deadline:g} s")
        )

    def _lost(self, how: str, word: str) -> None:
        """The worker ended, with or without jobs under way."""
        self._lost_worker(word)
        culprit, self._culprit = self._culprit, None
        lost, deadline = self.running, self.settings.engine.deadline
        self._running.clear()
        for job in lost:
            self._limits.pop(job).cancel()
        for job in reversed([each for each in lost if each.active]):
            role: Role = "suspect" if culprit is None else "late" if job is culprit else "bystander"
            job.tries += role != "bystander"
            fate = fate_of(job.called, role, job.tries, how, deadline)
            if fate.refusal:
                self._end(job, fate.refusal)
                continue
            job.send_back(fate.note)
            if fate.alone:
                self._suspects.appendleft(job)
            else:
                self._queue.add_again(job, job.priority)
        self._turn()


def _stopping() -> BusyError:
    return BusyError("the engine is stopping", remedy="Start it again, or try again later", retry_after=5)


def _too_many_files() -> FaultError:
    return FaultError("the results were lost on their way", "too many files are open", "Try again")
