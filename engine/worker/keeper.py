"""Keeps a worker process where there is work: starts it, starts it again when it was lost, and lets it sleep."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Literal

from engine.errors import BshmError, EngineError, system_reason
from engine.health import hangs, progresses
from engine.logs import fields
from engine.problems import from_problem
from engine.settings import Settings
from engine.shared import Shared
from engine.worker.channel import Message
from engine.worker.endings import in_words, reason
from engine.worker.handle import Handle

State = Literal["asleep", "starting", "ready", "broken"]

# Seconds before a worker is started again that was lost before it was ready, by how often that was in a row. After the
# last of them it is "broken": pictures are refused, and it is tried again only from time to time.
_PAUSES = (0.5, 2.0)
_HEALING = (60.0, 120.0, 300.0, 600.0)

# Seconds that a worker has to load its networks, and to end by itself.
_LOADING = 120.0
_LEAVING = 5.0

# A pause between two ticks that is longer than this many seconds was everybody's: the machine slept, or a debugger or a
# frozen group held the server as well. It does not count against the worker.
_LONGEST_TICK = 3.0

_log = logging.getLogger("bshm.engine")


class Keeper:
    """The worker, as the dispatcher sees it.

    state: "asleep" has no process, and work wakes it. why: the error where it is "broken". restarts: how often a
    process was lost. silent: seconds since it said anything, or since it was started. busy: seconds that the running
    network had taken then. runs: networks that it ran.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        hear: Callable[[Message, Shared | None], None],
        changed: Callable[[], None],
        lost: Callable[[str, str], None],
    ) -> None:
        """hear: is handed what the worker says of jobs. changed: is called when the state is another. lost: is told how
        a process ended that should not have, in a phrase and in a word."""
        self.settings = settings
        self.state: State = "asleep"
        self.why: BshmError | None = None
        self.device = ""
        self.networks: tuple[str, ...] = ()
        self.restarts = 0
        self.silent = self.busy = 0.0
        self.runs = 0
        self._environment = environment
        self._hear, self._changed, self._lost = hear, changed, lost
        self._handle: Handle | None = None
        self._life: asyncio.Task[None] | None = None
        self._killed = ""  # why the server itself ended the process
        self._failed_starts = self._broke = 0  # in a row
        self._last_tick = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Of the worker; None where there is none."""
        return self._handle.pid if self._handle else None

    @property
    def progressing(self) -> bool:
        """Whether the device's thread gets on with its work, or has none, or the server can still do something about
        it: what systemd's watchdog is told."""
        if self.state == "ready":
            return progresses(self.silent, self.busy, self.settings.engine.deadline)
        return self.state != "starting" or self.silent < 2 * _LOADING

    def wake(self) -> None:
        """Starts a worker where there is none."""
        if self._life is None:
            self._life = asyncio.create_task(self._live())
            self._become("starting")

    def send(self, message: Message, shared: Shared | None = None) -> None:
        """To a worker that is ready."""
        if self._handle:
            self._handle.send(message, shared)

    def kill(self, why: str) -> None:
        """Ends the worker at once; lost() is called as for any other loss. why: a phrase, after "it "."""
        if self._handle:
            self._killed = why
            self._handle.kill()

    def tick(self) -> None:
        """To be called every second: ends a worker that says nothing any more, and wakes one that was broken."""
        now = time.monotonic()
        passed, self._last_tick = now - self._last_tick, now
        if passed > _LONGEST_TICK:
            return
        self.silent += passed
        if self.state == "ready" and hangs(self.silent):
            _log.error("the worker hangs", extra=fields(silent=round(self.silent, 1)))
            self.kill("did not answer any more")
        elif self.state == "starting" and self._handle and self.silent > _LOADING:
            self.kill(f"did not load its networks in {_LOADING:.0f} s")
        elif self.state == "broken" and self.silent > _HEALING[min(self._broke, len(_HEALING)) - 1]:
            self.wake()

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
            if self._failed_starts:
                await asyncio.sleep(_PAUSES[self._failed_starts - 1])
            if self._life is not me:
                break
            self.silent, self._killed = 0.0, ""
            try:
                handle = await Handle.start(self.settings, self._environment)
            except OSError as error:  # no descriptor, no memory, or Python itself is being replaced
                self._mourn(f"it could not be started: {system_reason(error)}", "not started")
                continue
            code = await self._lived(handle)
            if self._life is me:
                self._mourn(f"it {self._killed}" if self._killed else in_words(code), reason(code))
        if self._life is None and self.state != "broken":
            self._become("asleep")

    async def _lived(self, handle: Handle) -> int:
        """The whole life of one process; its exit code."""
        self._handle = handle
        if self._life is not asyncio.current_task():
            handle.leave()
        code = await handle.listen(self._take)
        if self._handle is handle:
            self._handle, self.networks, self.busy = None, (), 0.0
        return code

    def _mourn(self, how: str, word: str) -> None:
        if self.state == "broken":  # it said so before it ended
            self._life = None
            return
        self.restarts += 1
        _log.error("the worker was lost", extra=fields(how=how, restarts=self.restarts))
        if self.state == "starting":
            self._failed_starts += 1
        if self._failed_starts > len(_PAUSES):
            self._failed_starts, self._life = 0, None
            self._break(EngineError("the process that runs the networks does not start", how, "See the engine's log"))
        else:
            self._become("starting")
        self._lost(how, word)

    def _take(self, message: Message, shared: Shared | None) -> None:
        if self._life is None:  # it was let go
            if shared:
                shared.close()
            return
        self.silent = 0.0
        said = message["say"]
        if said == "beat":
            self.busy, self.runs = message["busy"], message["runs"]
            self._has(message)  # a network that a request names is loaded then
        elif said == "ready":
            self._has(message)
            self._failed_starts = self._broke = 0
            self._become("ready")
        elif said == "broken":
            self._break(from_problem(503, message["problem"]))
        else:
            self._hear(message, shared)

    def _has(self, message: Message) -> None:
        self.device, self.networks = message["device"], tuple(message["networks"])

    def _break(self, why: BshmError) -> None:
        self.why, self.silent = why, 0.0
        self._broke += 1
        _log.error("the networks cannot be loaded", extra=fields(why=str(why)))
        self._become("broken")

    def _become(self, state: State) -> None:
        if state != "broken":
            self.why = None
        self.state = state
        self._changed()
