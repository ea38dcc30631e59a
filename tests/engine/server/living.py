"""A real engine for tests: `bshm engine` in a process of its own, with a config, a socket and a log of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

_ROOT = Path(__file__).parents[3]
_SECONDS = 60


class Answer(NamedTuple):
    """A whole HTTP answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OverUnix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, address: str, timeout: float = _SECONDS) -> None:
        super().__init__("engine", timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = connected(self._address, _SECONDS)


def connected(address: str, timeout: float) -> socket.socket:
    """A Unix socket that is connected to this address."""
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(timeout)
    try:
        end.connect(address)
    except OSError:
        end.close()
        raise
    return end


def free_port() -> int:
    """A TCP port that nobody listens on just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Living:
    """A running engine. socket: its address. log: what it wrote on standard error so far."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.socket = str(folder / "engine.sock")

    @property
    def log(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8", errors="backslashreplace")

    @property
    def token(self) -> str:
        return (self.folder / "engine.token").read_text(encoding="ascii").strip()

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request, on a connection of its own."""
        connection = OverUnix(self.socket)
        try:
            connection.request(method, path, body, dict(headers or {}))
            got = connection.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()

    def status(self) -> Any:
        """GET /v1/status."""
        return json.loads(self.ask("GET", "/v1/status").body)

    def memory(self) -> tuple[int, int]:
        """Bytes of resident memory of the server and of the worker (0: there is none)."""
        worker = self.status()["worker_pid"]
        return tuple(psutil.Process(pid).memory_info().rss if pid else 0 for pid in (self.process.pid, worker))  # type: ignore[return-value]  # two of them


@contextmanager
def living(config: str = "") -> Iterator[Living]:
    """Starts an engine with these lines of config.yaml beside its socket's place; stops it with SIGTERM.

    Fails where it is not ready within a minute, or does not end by itself.
    """
    with tempfile.TemporaryDirectory(prefix="bshm") as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(
            config.replace("engine:\n", f"engine:\n  socket: {folder}/engine.sock\n", 1)
            if "engine:\n" in config
            else f"{config}\nengine:\n  socket: {folder}/engine.sock\n",
            encoding="utf-8",
        )
        environment = {
            **os.environ,
            "BSHM_CONFIG": str(folder / "config.yaml"),
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONUNBUFFERED": "1",
        }
        with (folder / "stderr").open("wb") as stderr:
            code = "import sys; from daemon.commands import main; sys.exit(main(['engine']))"
            process = subprocess.Popen([sys.executable, "-c", code], cwd=_ROOT, env=environment, stderr=stderr)
            engine = Living(process, folder)
            try:
                _wait_until_ready(engine)
                yield engine
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    raise


def _wait_until_ready(engine: Living) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until and engine.process.poll() is None:
        try:
            if engine.ask("GET", "/readyz").status == 200:
                return
        except OSError:
            pass  # not listening yet
        time.sleep(0.05)
    raise AssertionError(f"the engine is not ready\n{engine.log}")
