"""Keeps a worker process where there is work: starts it, starts it again when it was lost, and lets it sleep."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Literal

from engine.errors import BshmError, EngineError
from engine.logs import fields
from engine.problems import from_problem
from engine.settings import Settings
from engine.shared import Shared
from engine.worker.channel import Message
from engine.worker.endings import in_words
from engine.worker.handle import Handle

State = Literal["asleep", "starting", "ready", "broken"]

# Seconds before a worker is started again, by how many were lost young in a row; the last number for all others.
_PAUSES = (0, 0.5, 2, 8, 30)
_YOUNG = 10.0

# Seconds that a worker has to end by itself.
_LEAVING = 5.0

# A worker that was lost so often before it was ready is not started again by itself.
_MOST_LOST_STARTING = 3

_log = logging.getLogger("bshm.engine")


class Keeper:
    """The worker, as the dispatcher sees it.

    state: "asleep" has no process, and work wakes it. why: the error where it is "broken". restarts: how often a
    process was lost. heard: time.monotonic() of the last message. busy: seconds that the running network has taken.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        hear: Callable[[Message, Shared | None], None],
        changed: Callable[[], None],
        lost: Callable[[int], None],
    ) -> None:
        """hear: is handed what the worker says of jobs. changed: is called when the state is another. lost: is told the
        exit code of a process that should not have ended."""
        self.settings = settings
        self.state: State = "asleep"
        self.why: BshmError | None = None
        self.device = ""
        self.networks: tuple[str, ...] = ()
        self.restarts = 0
        self.heard = time.monotonic()
        self.busy, self.runs = 0.0, 0
        self._environment = environment
        self._hear, self._changed, self._lost = hear, changed, lost
        self._handle: Handle | None = None
        self._life: asyncio.Task[None] | None = None
        self._lost_young = 0

    @property
    def pid(self) -> int | None:
        """Of the worker; None where there is none."""
        return self._handle.pid if self._handle else None

    def wake(self) -> None:
        """Starts a worker where there is none."""
        if self._life is None:
            self._life = asyncio.create_task(self._live())
            self._become("starting")

    def send(self, message: Message, shared: Shared | None = None) -> None:
        """To a worker that is ready."""
        if self._handle:
            self._handle.send(message, shared)

    def kill(self) -> None:
        """Ends the worker at once; lost() is called as for any other loss."""
        if self._handle:
            self._handle.kill()

    async def sleep(self) -> None:
        """Lets the worker go, with all its memory. No job may be under way."""
        life, self._life = self._life, None
        if life is None:
            return
        handle = self._handle
        if handle:
            handle.leave()
        await asyncio.wait([life], timeout=_LEAVING)
        if handle and not life.done():
            handle.kill()
        await life

    async def _live(self) -> None:
        """One process after the other, until it sleeps or is broken."""
        me = asyncio.current_task()
        while self._life is me:
            await asyncio.sleep(_PAUSES[min(self._lost_young, len(_PAUSES) - 1)])
            if self._life is not me:
                break
            started = time.monotonic()
            handle = self._handle = await Handle.start(self.settings, self._environment)
            if self._life is not me:
                handle.leave()
            code = await handle.listen(self._take)
            if self._handle is handle:
                self._handle, self.networks, self.busy = None, (), 0.0
            if self._life is me:
                self._mourn(code, time.monotonic() - started)
        if self._life is None and self.state != "broken":
            self._become("asleep")

    def _mourn(self, code: int, age: float) -> None:
        if self.state == "broken":  # it said so before it ended
            self._life = None
            return
        self.restarts += 1
        self._lost_young = self._lost_young + 1 if age < _YOUNG else 0
        how = in_words(code)
        _log.error("the worker was lost", extra=fields(how=how, seconds=round(age, 1), restarts=self.restarts))
        if self.state == "starting" and self._lost_young >= _MOST_LOST_STARTING:
            self._lost_young, self._life = 0, None
            self._break(EngineError("the process that runs the networks does not start", how, "See the engine's log"))
        else:
            self._become("starting")
        self._lost(code)

    def _take(self, message: Message, shared: Shared | None) -> None:
        if self._life is None:
            return
        self.heard = time.monotonic()
        said = message["say"]
        if said == "beat":
            self.busy, self.runs = message["busy"], message["runs"]
        elif said == "ready":
            self.device, self.networks = message["device"], tuple(message["networks"])
            self._become("ready")
        elif said == "broken":
            self._break(from_problem(503, message["problem"]))
        else:
            self._hear(message, shared)

    def _break(self, why: BshmError) -> None:
        self.why, self.heard = why, time.monotonic()
        _log.error("the networks cannot be loaded", extra=fields(why=str(why)))
        self._become("broken")

    def _become(self, state: State) -> None:
        if state != "broken":
            self.why = None
        self.state = state
        self._changed()
