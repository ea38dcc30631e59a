"""One process of another Python, with TensorFlow 1.15.5, that gives the mattes of a graph (engine.runtimes.tf1.worker).

It never outlives this one, also after kill -9, unless somebody stopped it (SIGSTOP). It hears no signal that is meant
for this one's group, and has none of its descriptors. Pixels lie in an anonymous file in memory (memfd_create(2)),
which is as large as the picture at hand.
"""

from __future__ import annotations

import json
import logging
import mmap
import os
import selectors
import socket
import subprocess
import weakref
from pathlib import Path
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import system_reason
from engine.logs import fields
from engine.memory import WORKER_ENVIRONMENT
from engine.runtimes.tf1 import failures
from engine.runtimes.tf1.devices import Found, card, device_of, visible
from engine.worker.endings import in_words

Pixels = npt.NDArray[np.uint8]
Message = dict[str, Any]

_log = logging.getLogger("bshm.engine")

_WORKER = Path(__file__).with_name("worker.py")
_VERSIONS = r"1\.15\.5(\+.*)?"  # builds of somebody's own too: 1.15.5+nv23.3, 1.15.5+cu113

# What is kept of its standard error, in bytes: the last lines say why it ended.
_KEPT = 16_000
_LONGEST_MESSAGE = 1 << 16


class Tf1Process:
    """A graph, loaded, in a process of its own. pid: its number. version: TensorFlow's. device: in words.
    seconds: that TensorFlow took for the last alpha."""

    def __init__(
        self,
        python: Path,
        graph: Path,
        *,
        device: str,
        fraction: float,
        growth: bool,
        any_version: bool = False,
        starting: float = 120.0,
        threads: int = 0,
        memory: int = 0,
    ) -> None:
        """Returns when the graph is loaded, after 2 s or so.

        device: "cpu", "cuda", "cuda:N" or "auto". fraction, growth: of a GPU's memory, how much of it, and whether it
        is taken as it is needed. any_version: a later TensorFlow will do. starting: seconds. threads: of the processor;
        0: all. memory: bytes that the process may take where it runs on the CPU; 0: as many as it likes.

        Raises DeviceError where this Python, its TensorFlow or the device cannot be used, NetworkError where the graph
        cannot, MemoryError, and Tf1LostError.
        """
        self._python, self._graph = python, graph
        self._lock = Lock()
        self._said = b""
        self.seconds = 0.0
        self._map: mmap.mmap | None = None
        self._memory = os.memfd_create("bshm", os.MFD_CLOEXEC)
        self._end, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = _start(python, theirs.fileno(), self._memory, device)
            except OSError as error:
                self._end.close()
                os.close(self._memory)
                raise failures.not_started(python, system_reason(error)) from error
        assert self._process.stderr  # noqa: S101  # asked for
        self._stderr = self._process.stderr.fileno()
        os.set_blocking(self._stderr, False)
        self.pid = self._process.pid
        self._finish = weakref.finalize(self, _finish, self._process, self._end, self._memory)
        try:
            self._begin(device, fraction, growth, None if any_version else _VERSIONS, threads, memory, starting)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Tf1Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether it can be asked for another alpha."""
        return self._finish.alive and self._process.poll() is None

    def alpha(self, picture: Pixels, deadline: float) -> Pixels:
        """The alpha, uint8 [H, W], of a picture, uint8 RGB [H, W, 3]. deadline: seconds, after which it is ended.

        One thread's turn after the other. Raises MemoryError, after which it may have ended; Tf1LostError, after which
        it has; NetworkError where the graph fails on this picture, or is none of BSHM's kind.
        """
        height, width = picture.shape[:2]
        with self._lock:
            if not self._finish.alive:
                raise failures.closed(self._graph)
            shared = self._shared(4 * height * width)
            shared[: picture.size] = picture.reshape(-1)
            order = {"do": "run", "height": height, "width": width}
            self.seconds = self._ask(order, deadline, f"{width} x {height} pixels")["seconds"]
            return shared[picture.size :].reshape(height, width).copy()

    def close(self) -> None:
        """Ends it at once: it has nothing that could be lost. A thread that waits for an alpha gets Tf1LostError."""
        if self._finish.alive:
            self._process.kill()
        with self._lock:
            self._map = None
            self._finish()

    def _begin(
        self,
        device: str,
        fraction: float,
        growth: bool,
        versions: str | None,
        threads: int,
        memory: int,
        starting: float,
    ) -> None:
        until = monotonic() + starting
        begin = {
            "do": "begin",
            "graph": os.fsencode(self._graph.absolute()).decode("utf-8", "surrogateescape"),
            "versions": versions,
            "gpu": device != "cpu",
            "fraction": fraction,
            "growth": growth,
            "threads": threads,
        }
        told = self._ask(begin, starting, "")
        found = Found(told["version"], told["cuda"], tuple(card(each) for each in told["cards"]), self._text())
        self.version, self.device = found.version, device_of(device, found)
        self._ask({"do": "load", "bytes": 0 if found.cards else memory}, until - monotonic(), "")

    def _shared(self, size: int) -> Pixels:
        """So many bytes that both processes see. Raises MemoryError."""
        if self._map is None or len(self._map) != size:
            self._map = None
            try:
                os.ftruncate(self._memory, min(size, os.fstat(self._memory).st_size))
                os.posix_fallocate(self._memory, 0, size)  # else a page that cannot be had ends who touches it
                self._map = mmap.mmap(self._memory, size)
            except OSError as error:
                raise MemoryError(f"{size} bytes of shared memory: {system_reason(error)}") from error
        return np.frombuffer(self._map, np.uint8)

    def _ask(self, message: Message, seconds: float, frame: str) -> Message:
        """The answer to a message. frame: of the picture, in words; "" as it begins."""
        try:
            try:
                self._end.send(json.dumps(message).encode("ascii"))
            except OSError:
                answer = None
            else:
                answer = self._answer(monotonic() + seconds)
        except TimeoutError as error:
            raise self._hung(seconds, frame) from error
        except BaseException:  # Ctrl-C: its answer would be taken for that to the next message
            self._kill()
            raise
        if answer is None:
            raise self._lost(frame)
        if answer["say"] == "failed":
            raise failures.told(self._python, self._graph, answer, frame)
        return answer

    def _answer(self, until: float) -> Message | None:
        """The next message; None where the process has ended. Raises TimeoutError. Reads standard error meanwhile, so
        that nobody who writes there is held up."""
        with selectors.DefaultSelector() as ready:
            ready.register(self._end, selectors.EVENT_READ)
            ready.register(self._stderr, selectors.EVENT_READ)
            while True:
                seen = {key.fileobj for key, _ in ready.select(max(0.0, until - monotonic()))}
                if self._stderr in seen and not self._hear():
                    ready.unregister(self._stderr)
                if self._end in seen:
                    data = _receive(self._end)
                    self._hear()
                    return json.loads(data) if data else None
                if not seen and monotonic() >= until:
                    raise TimeoutError

    def _hear(self) -> bool:
        """Takes what is on standard error; False at its end."""
        try:
            while data := os.read(self._stderr, _KEPT):
                self._said = (self._said + data)[-_KEPT:]
        except BlockingIOError:
            return True
        return False

    def _hung(self, seconds: float, frame: str) -> failures.Tf1HungError:
        self._kill()
        self._log("TensorFlow's process did not answer, and was ended")
        return failures.hung(self._graph, seconds, frame)

    def _lost(self, frame: str) -> failures.Tf1LostError | MemoryError:
        how = in_words(self._kill())  # it has closed its end: it is ending, or has ended
        self._hear()
        self._log(f"TensorFlow's process was lost: {how}")
        return failures.lost(self._graph, how, self._text(), frame)

    def _kill(self) -> int:
        """Its exit code; negative: a signal's number."""
        self._process.kill()
        return self._process.wait()

    def _text(self) -> str:
        return self._said.decode("utf-8", "backslashreplace")

    def _log(self, what: str) -> None:
        _log.warning(what, extra=fields(pid=self.pid, trace=self._text()))


def _start(python: Path, end: int, memory: int, device: str) -> subprocess.Popen[bytes]:
    # TF_CPP_MIN_LOG_LEVEL goes too: TensorFlow's lines of every level say why it has no GPU. And so does what makes the
    # C library give all memory back at once: with it a run takes up to half as long again; see the worker's Limit.
    strange = ("PYTHON", "TF_", *WORKER_ENVIRONMENT)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    cards = visible(device, os.environ.get("CUDA_VISIBLE_DEVICES"))
    return subprocess.Popen(
        [python, "-I", "-X", "utf8", "-W", "ignore", "-X", "faulthandler", _WORKER, str(end), str(memory)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[end, memory],
        env={**kept, "CUDA_VISIBLE_DEVICES": cards},
        cwd="/",
        start_new_session=True,  # Ctrl-C goes to a terminal's whole group
    )


def _finish(process: subprocess.Popen[bytes], end: socket.socket, memory: int) -> None:
    process.kill()
    process.wait()
    if process.stderr:
        process.stderr.close()
    end.close()
    os.close(memory)


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(_LONGEST_MESSAGE)
    except ConnectionError:
        return b""
