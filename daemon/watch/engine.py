"""The resident engine as hot folders use it: found, or started where none runs, and waited for as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock

import psutil

from daemon.resident import obstacle_of
from daemon.starting import end_process, spawn, until_ready
from engine.address import socket_path
from engine.client import Client
from engine.errors import BshmError, BusyError, EngineError, NotRunningError, system_reason
from engine.folders import state_folder
from engine.settings import Settings

_SILENCE = 10.0  # seconds until an engine that says nothing is asked whether it is alive
_PATIENCE = 5.0  # seconds for which a picture is offered to a full queue, before the reason is told
_QUICKLY = 2.0  # seconds; for what is asked in passing
_COMES_BACK = 3.0  # seconds in which somebody else may start one, before this process does
_NAP = 0.1
_LONGEST_NAP = 30.0  # seconds between two tries of what failed many times
_STOPS = 40.0  # seconds; longer than engine.stop_within by default


class Engine:
    """One engine for all threads. said: is told, once each time, why pictures have to wait."""

    def __init__(self, settings: Settings, config: Path | None, said: Callable[[str], None]) -> None:
        """config: the file named on the command line. Raises ConfigError where the socket's path cannot be one."""
        self.address = socket_path(settings)
        self.client = Client(self.address, timeout=_SILENCE, patience=_PATIENCE)
        self._hasty = Client(self.address, timeout=_QUICKLY)
        self._starts = settings.watch.start_engine
        self._config, self._said = config, said
        self._process: psutil.Process | None = None  # the one that this process started, or that its predecessor did
        self._lock = Lock()
        self._others = False  # somebody else started the one that was seen last, and may bring it back
        self._told: set[str] = set()  # since it was there last
        self.failures = 0  # to have one, since it was there last

    def described(self) -> str:
        """What the networks run on, as a sentence. Raises EngineError."""
        status = self._hasty.status()
        device = f" on {status['device']}" if status["device"] else ""
        return f"Networks run{device}, in the resident engine (pid {status['pid']})."

    def obstacle(self, settings: Settings) -> str | None:
        """Why it does not do what these settings say, as a phrase; it may be somebody else's. Raises EngineError."""
        return obstacle_of(self._hasty.status(), settings)

    def reload(self, settings: Settings) -> str | None:
        """Takes over what can be; a sentence about what wants a new start."""
        self._starts = settings.watch.start_engine
        address = socket_path(settings)
        return (
            None if address == self.address else f"The engine's new place, {address}, is used from the next start on."
        )

    def wait(self, stopping: Event) -> bool:
        """Waits until it is ready; starts it where nobody does. False where `stopping` was set meanwhile.

        One thread at a time starts and waits; the others find it ready.
        """
        away_since = time.monotonic()
        while not stopping.is_set():
            with self._lock:
                try:
                    self._hasty.ready()
                except NotRunningError as error:
                    away = time.monotonic() - away_since
                    if self._starts and not self._runs() and (not self._others or away > _COMES_BACK):
                        self.failures += self._start(stopping)
                    elif away > _COMES_BACK:
                        self.failures += 1
                        self._tell(str(error))
                except BusyError:  # it is starting, or stopping
                    away_since = time.monotonic()
                except BshmError as error:  # silent, or its networks cannot be loaded
                    self.failures += 1
                    self._tell(str(error))
                else:
                    self._told.clear()
                    self.failures = 0
                    self._process = self._process if self._runs() else self._inherited()
                    self._others = self._process is None
                    return True
            stopping.wait(min(_NAP * 2 ** min(self.failures, 20), _LONGEST_NAP))
        return False

    def close(self, *, at_once: bool = False) -> None:
        """Ends the engine that this process started; pictures under way are given up, at once or in their time."""
        with self._lock:
            if self._process is None:
                return
            end_process(self._process, 0 if at_once else _STOPS)
            self._process = None
            _started_file().unlink(missing_ok=True)

    def _runs(self) -> bool:
        """Whether the one that this process started has not ended yet."""
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            if self._process is not None:
                self._process.wait(0)
                return False
        return self._process is not None and self._process.is_running()

    def _inherited(self) -> psutil.Process | None:
        """The engine that runs, where a process started it that watched before and was killed: it is ours now."""
        try:
            pid, created = _started_file().read_text(encoding="ascii").split()
            process = psutil.Process(int(pid))
            is_it = process.create_time() == float(created) and self._hasty.status()["pid"] == process.pid
        except (OSError, ValueError, KeyError, psutil.Error, BshmError):
            return None
        return process if is_it else None

    def _start(self, stopping: Event) -> bool:
        """Starts one and waits until it answers; True where that failed."""
        try:
            spawned = spawn(self._config, self.address)
        except EngineError as error:
            self._tell(str(error))
            return True
        with spawned.said:
            self._process = spawned.process
            try:
                file = _started_file()
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"{spawned.process.pid} {spawned.process.create_time()}", encoding="ascii")
                until_ready(spawned, self._hasty, stopping.wait)
            except OSError as error:
                self._tell(f"{_started_file()} cannot be written: {system_reason(error)}.")
            except BshmError as error:
                if self._runs():
                    self._tell(str(error))
                else:
                    self._tell(f"The engine could not be started: {error}")
                return True
        return False

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._said(f"{sentence} Pictures wait until it is back.")


def _started_file() -> Path:
    """Which engine was started from here, for whoever watches after a crash."""
    return state_folder() / "engine-started"
