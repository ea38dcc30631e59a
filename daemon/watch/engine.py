"""The resident engine as hot folders use it: found, or started where none runs, and waited for as long as it takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock

from daemon.resident import obstacle_of
from engine.address import socket_path
from engine.client import Client
from engine.errors import BshmError, BusyError, NotRunningError
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
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()
        self._others = False  # somebody else started the one that was seen last, and may bring it back
        self._told = ""

    def described(self) -> str:
        """What the networks run on, as a sentence. Raises EngineError."""
        status = self._hasty.status()
        device = f" on {status['device']}" if status["device"] else ""
        return f"Networks run{device}, in the resident engine (pid {status['pid']})."

    def obstacle(self, settings: Settings) -> str | None:
        """Why it does not do what these settings say, as a phrase; it may be somebody else's. Raises EngineError."""
        return obstacle_of(self._hasty.status(), settings)

    def wait(self, stopping: Event) -> bool:
        """Waits until it is ready; starts it where nobody does. False where `stopping` was set meanwhile.

        One thread at a time starts and waits; the others find it ready.
        """
        away_since = time.monotonic()
        failures = 0
        while not stopping.is_set():
            with self._lock:
                try:
                    self._hasty.ready()
                except NotRunningError as error:
                    away = time.monotonic() - away_since
                    if self._starts and not self._runs() and (not self._others or away > _COMES_BACK):
                        failures += self._start(stopping)
                    elif away > _COMES_BACK:
                        self._tell(str(error))
                except BusyError:  # it is starting, or stopping
                    away_since = time.monotonic()
                except BshmError as error:  # silent, or its networks cannot be loaded
                    failures += 1
                    self._tell(str(error))
                else:
                    self._told = ""
                    self._others = not self._runs()
                    return True
            stopping.wait(min(_NAP * 2**failures, _LONGEST_NAP))
        return False

    def close(self) -> None:
        """Ends the engine that this process started; pictures under way are given up."""
        with self._lock:
            if self._process is None:
                return
            self._process.terminate()
            try:
                self._process.wait(_STOPS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _runs(self) -> bool:
        """Whether the one that this process started has not ended yet."""
        return self._process is not None and self._process.poll() is None

    def _start(self, stopping: Event) -> bool:
        """Starts one and waits until it answers; True where it ended at once."""
        words = [sys.executable, "-m", "daemon"]
        words += ["--config", str(self._config)] if self._config else []
        said = state_folder() / "log" / "engine-start.txt"
        said.parent.mkdir(parents=True, exist_ok=True)
        with said.open("wb") as stream:
            # A group of its own: Ctrl-C is for this process, which then ends the engine in its turn.
            self._process = subprocess.Popen(
                [*words, "engine"], stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
            )
        while not stopping.wait(_NAP / 4):
            if self._process.poll() is not None:
                last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                self._tell(
                    f"The engine could not be started: {''.join(last) or f'exit code {self._process.returncode}'}"
                )
                return True
            try:
                self._hasty.ready()
            except (NotRunningError, BusyError):
                continue
            except BshmError as error:
                self._tell(str(error))
                return True
            break
        return False

    def _tell(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._said(f"{sentence} Pictures wait until it is back.")
