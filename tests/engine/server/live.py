"""A real `bshm engine` in a process of its own, for tests: on a Unix socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

ROOT = Path(__file__).parents[3]
_PATIENCE = 30.0  # seconds; a busy machine


class Answer(NamedTuple):
    """A whole HTTP answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Live:
    """The engine. folder: $XDG_RUNTIME_DIR; config: its config file."""

    folder: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> Path:
        return self.folder / "bshm" / "engine.sock"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def log(self) -> str:
        return (self.folder / "stderr").read_text(encoding="utf-8")

    def start(self, *, wait: bool = True, **popen: Any) -> None:
        with (self.folder / "stderr").open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "import sys; from daemon.commands import main; sys.exit(main(['engine']))"],
                cwd=ROOT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stderr=stderr,
                **popen,
            )
        if wait:
            self.until_ready()

    def client(self, timeout: float = 60) -> httpx.Client:
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.address)), base_url="http://engine", timeout=timeout
        )

    def get(self, path: str) -> httpx.Response:
        with self.client() as client:
            return client.get(path)

    def status(self) -> Any:
        return self.get("/v1/status").json()

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """One request, on a connection of its own."""
        with self.client() as client:
            got = client.request(method, path, content=body)
            return Answer(got.status_code, dict(got.headers), got.content)

    def memory(self) -> tuple[int, int]:
        """Bytes of resident memory of the server and of the worker; 0 where there is none."""
        memory = self.status()["memory"]
        return memory["server_bytes"], memory["worker_bytes"]

    @property
    def token(self) -> str:
        return self.address.with_name("engine.token").read_text(encoding="ascii").strip()

    def cut_out(self, data: bytes, **query: str) -> httpx.Response:
        with self.client() as client:
            return client.post("/v1/cutout", params={"quality": "fast", **query}, content=data)

    def until_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.log
            return self.listens() and self.get("/readyz").status_code == 200

        until(ready)

    def listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as one:  # httpx leaves its socket open where it cannot connect
            return one.connect_ex(str(self.address)) == 0

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """Ends it by SIGTERM; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)

    @property
    def worker(self) -> psutil.Process:
        return psutil.Process(self.status()["worker_pid"])


@contextmanager
def live(config: str = "", start: bool = True, **environment: str) -> Iterator[Live]:
    """An engine with this text as its config file; it is ended, and its folder removed, at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bshm-"))
    one = Live(
        folder,
        {
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "BSHM_CONFIG": str(folder / "config.yaml"),
            "BSHM_SOCKET": "",
            **environment,
        },
    )
    one.config.write_text(config or "threads: 0\n", encoding="utf-8")
    try:
        if start:
            one.start()
        yield one
    finally:
        if hasattr(one, "process") and one.process.poll() is None:
            one.process.kill()
            one.process.wait(_PATIENCE)
        shutil.rmtree(folder)


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


def until(what: Any, seconds: float = _PATIENCE, nap: float = 0.01) -> None:
    """Waits for something to become true; fails where it takes too long. nap: seconds between two looks."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it took too long"
        time.sleep(nap)


def problem(response: httpx.Response, status: int, sentence: str) -> None:
    """Makes sure that an answer is a problem whose detail has this in it."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert sentence in response.json()["detail"]


def counted(one: Live, name: str) -> int:
    """A counter of /metrics, which has its labels with it; 0 where there is none yet."""
    lines = [line.rpartition(" ") for line in one.get("/metrics").text.splitlines()]
    return next((int(float(value)) for found, _, value in lines if found == name), 0)
