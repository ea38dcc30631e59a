"""The server's side of one worker process: it is started, written to, listened to, and ended."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from engine.logs import fields
from engine.settings import Settings
from engine.shared import Shared
from engine.worker import channel

_log = logging.getLogger("bshm.engine")


class Handle:
    """A worker process. pid: its number."""

    def __init__(self, process: Process, end: socket.socket) -> None:
        self.pid = process.pid
        self._process, self._end = process, end

    @classmethod
    async def start(cls, settings: Settings, environment: Mapping[str, str]) -> Handle:
        """Starts a process that loads the networks for these settings. environment: beside the server's own."""
        ours, theirs = channel.pair()
        with ExitStack() as stack:
            stack.enter_context(theirs)
            stack.enter_context(ours)
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "engine.worker", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=PIPE,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **environment, "PYTHONPATH": _own_path()},
            )
            stack.pop_all()
        theirs.close()
        ours.setblocking(False)
        handle = cls(process, ours)
        handle.send({"do": "begin", "settings": asdict(replace(settings, folders=()))})  # which are the daemon's
        return handle

    async def listen(self, hear: Callable[[channel.Message, Shared | None], None]) -> int:
        """Hands over every message until the process has ended; returns its exit code (negative: a signal's number)."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._end, self._read, hear)
        complaints = asyncio.create_task(self._log_complaints())
        try:
            code = await self._process.wait()
            self._read(hear)  # what it said last
            return code
        finally:
            loop.remove_reader(self._end)
            self._end.close()
            await complaints

    def send(self, message: dict[str, Any], shared: Shared | None = None) -> None:
        """Sends one message; where the process is gone or does not read any more, it is ended, which listen() tells."""
        try:
            channel.send(self._end, message, shared)
        except OSError:
            self.kill()

    def leave(self) -> None:
        """The process ends by itself: it has nothing to do any more."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """Ends the process at once, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL)

    def _read(self, hear: Callable[[channel.Message, Shared | None], None]) -> None:
        while True:
            try:
                received = channel.receive(self._end)
            except BlockingIOError:
                return
            if received is None:
                asyncio.get_running_loop().remove_reader(self._end)
                return
            hear(*received)

    async def _log_complaints(self) -> None:
        """Libraries in native code write to standard error, and so does Python's handler of fatal signals."""
        assert self._process.stderr  # noqa: S101  # asked for at the start
        while data := await self._process.stderr.read(4096):
            lines = data.decode("utf-8", "backslashreplace").strip().splitlines() or [""]
            trace = "\n".join(lines) if len(lines) > 1 else ""  # of a traceback, the last line says the most
            _log.warning("the worker says", extra=fields(text=lines[-1], trace=trace))


def _own_path() -> str:
    """Where Python finds modules, so that the worker runs the code that the server runs."""
    ours = str(Path(__file__).parents[2])
    return os.pathsep.join([ours, *filter(None, [os.environ.get("PYTHONPATH")])])
