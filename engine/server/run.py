"""The engine's life: it listens, loads the networks, serves, is told to reload or to stop, and ends in order."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from engine.dispatcher import Dispatcher
from engine.errors import BshmError, EngineError
from engine.jobs import Job
from engine.logs import fields
from engine.memory import WORKER_ENVIRONMENT
from engine.server.app import Collaborators, make_app
from engine.server.metrics import Measured, Metrics
from engine.server.notify import notify, reloading, watchdog_seconds
from engine.server.protocol import ConnectionLimits, guarded
from engine.server.sockets import BACKLOG, Listening, listen, still_there
from engine.server.status import Record, resident
from engine.settings import Settings

_TICK = 1.0  # seconds
_SOON = 0.01
_LAST_ANSWERS = 5  # seconds, for the answers of what was under way to be read

_DESCRIPTORS = 65_536
_SPARE = 128  # connections beside those of the pictures in the queue

_log = logging.getLogger("bshm.engine")


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: what SIGTERM and Ctrl-C mean is decided here."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals alone."""
        yield


def serve(load: Callable[[], Settings], say: Callable[[str], None]) -> None:
    """Runs the engine until it is told to stop.

    load: reads the settings, now and at each SIGHUP. say: is told where the engine listens, once it is ready.
    Raises RunningError, EngineError, NetworkError, DeviceError and ConfigError where it cannot start.
    """
    settings = load()
    _allow_descriptors()
    with listen(settings) as listening:
        asyncio.run(_Life(settings, load, say, listening).run())


def _allow_descriptors() -> None:
    """Each picture in the queue holds two (its connection, its bytes), and 1024 is the usual soft limit."""
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(few, min(most, _DESCRIPTORS)), most))


class _Life:
    """One run of the engine."""

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], say: Callable[[str], None], listening: Listening
    ) -> None:
        self._load, self._say, self._listening = load, say, listening
        self._metrics = Metrics()
        self._record = Record(self._metrics)
        self._dispatcher = Dispatcher(settings, WORKER_ENVIRONMENT, self._finished, self._metrics.worker_lost)
        self._stopped = asyncio.Event()
        self._was_ready = self._reload_later = self._unreachable = False
        self._told = ""  # systemd's STATUS

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        self._dispatcher.start()
        server = _Server(self._config())
        serving = asyncio.create_task(server.serve(self._listening.sockets))
        stopped = asyncio.create_task(self._stopped.wait())
        ticking = asyncio.create_task(self._tick())
        try:
            await self._until_ready()
            await asyncio.wait([stopped, serving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            notify("STOPPING=1", "STATUS=Finishing the pictures under way")
            _log.info("stopping", extra=fields(running=len(self._dispatcher.running)))
            await self._dispatcher.stop(self._dispatcher.settings.engine.stop_within)
            ticking.cancel()
            stopped.cancel()
            server.should_exit = True
            await serving
            _log.info("stopped")
        if self._unreachable:
            what = f"the engine ended: nobody could find it any more on {self._listening.described}"
            raise EngineError(what, "its socket's file was removed", "Start it again")

    def _stop(self) -> None:
        """SIGTERM or Ctrl-C; a second one does not wait for the pictures under way."""
        self._dispatcher.hurried = self._stopped.is_set()
        self._stopped.set()

    def _config(self) -> uvicorn.Config:
        settings = self._dispatcher.settings
        connections = ConnectionLimits(connections=settings.queue.pictures + _SPARE)
        return uvicorn.Config(
            make_app(Collaborators(self._dispatcher, self._record, self._metrics)),
            http=guarded(self._listening, self._metrics.answered, connections),
            backlog=BACKLOG,
            proxy_headers=False,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )

    async def _until_ready(self) -> None:
        """Waits until the networks are loaded, or SIGTERM comes before that. Raises why they cannot be loaded."""
        keeper, started = self._dispatcher.keeper, time.monotonic()
        while keeper.state == "starting" and not self._stopped.is_set():
            await asyncio.sleep(_SOON)
        if keeper.state == "broken":
            raise keeper.why or EngineError("the networks cannot be loaded")
        if keeper.state == "ready":
            seconds = round(time.monotonic() - started, 2)
            _log.info("ready", extra=fields(device=keeper.device, seconds=seconds, worker=keeper.pid))
            notify("READY=1", self._status())
            self._say(f"Networks run on {keeper.device}. The engine listens on {self._listening.described}.")
            self._was_ready = True
            if self._reload_later:
                self._reload()

    def _reload(self) -> None:
        if not self._was_ready:  # systemd would take the end of the reload for the end of the start
            self._reload_later = True
            return
        reloading()
        before = self._dispatcher.settings
        try:
            settings = self._load()
        except BshmError as error:
            _log.error("the config file was not read again", extra=fields(why=str(error)))
        else:
            for key, now, then in (
                ("engine.socket", settings.engine.socket, before.engine.socket),
                ("engine.port", settings.engine.port, before.engine.port),
                ("queue.pictures", settings.queue.pictures > before.queue.pictures, False),
            ):
                if now != then:
                    _log.warning(f"{key}: the change has its full effect only when the engine is started again")
            self._dispatcher.reload(settings)
            _log.info("the config file was read again")
        finally:
            notify("READY=1")

    async def _tick(self) -> None:
        """What is done every second, while the event loop is alive."""
        period = watchdog_seconds()
        while True:
            try:
                self._look_after()
            except Exception:  # noqa: BLE001  # the next second is another try; without it, nobody would look after the worker
                _log.exception("the engine could not look after its worker")
            if period and self._dispatcher.keeper.progressing:
                notify("WATCHDOG=1")
            await asyncio.sleep(min(_TICK, period / 3) if period else _TICK)

    def _look_after(self) -> None:
        self._dispatcher.keeper.tick()
        self._measure()
        if not self._stopped.is_set() and not still_there(self._listening):
            self._unreachable = True
            self._stopped.set()
        if self._was_ready and not self._stopped.is_set() and self._status() != self._told:
            self._told = self._status()
            notify(self._told)

    def _status(self) -> str:
        keeper = self._dispatcher.keeper
        texts = {
            "ready": f"Ready on {keeper.device}",
            "asleep": "Networks are unloaded; the next picture brings them back",
            "starting": "Loading the networks",
            "broken": f"The networks cannot be loaded: {keeper.why}",
        }
        return f"STATUS={texts[keeper.state]}"

    def _measure(self) -> None:
        dispatcher, keeper = self._dispatcher, self._dispatcher.keeper
        now = Measured(
            waiting=Counter(job.priority for job in dispatcher.waiting),
            running=len(dispatcher.running),
            queue_bytes=dispatcher.jobs.bounds.bytes,
            server_bytes=resident(os.getpid()),
            worker_bytes=resident(keeper.pid),
            worker_up=keeper.state == "ready",
            runs=keeper.runs,
        )
        self._metrics.measure(now)

    def _finished(self, job: Job, error: BshmError | None) -> None:
        now = time.monotonic()
        seconds = round(now - job.opened, 3)
        waited = None if job.begun is None else job.begun - job.opened
        worked = now - job.begun if job.begun is not None and error is None else None
        self._record.add(job.state, job.priority, error, job=job.name, waited=waited, worked=worked)
        about = {"job": job.name, "priority": job.priority, "seconds": seconds, "picture": job.called}
        if error is None:
            _log.info("a picture is done", extra=fields(**about))
        elif job.state == "cancelled":
            _log.info("a picture was cancelled", extra=fields(**about))
        else:
            _log.warning("a picture was refused", extra=fields(**about, why=str(error)))
