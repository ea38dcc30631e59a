"""`bshm status`, with the real engine."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from daemon.commands import main
from daemon.commands.status import view
from tests.engine.client.listening import json_reply, listening, saying
from tests.engine.server.live import Live

ROOT = Path(__file__).parents[3]
STATUS: dict[str, Any] = {
    "version": "1.2.3",
    "pid": 77,
    "state": "ready",
    "device": "CPU, 2 threads",
    "uptime_seconds": 7260.0,
    "queue": {
        "waiting": 7,
        "running": 3,
        "pictures": 14,
        "bytes": 12_000_000,
        "limit_pictures": 512,
        "limit_bytes": 1_024_000_000,
        "interactive": 1,
        "batch": 9,
    },
    "jobs": [
        {"job": "a", "state": "running", "stage": "matte", "progress": 0.42, "position": None, "seconds": 1.26}
        | {"priority": "interactive"},
        {"job": "b", "state": "queued", "stage": "wait", "progress": 0.0, "position": 6, "seconds": 0.5}
        | {"priority": "batch"},
    ],
    "networks": ["modnet", "rvm"],
    "memory": {"server_bytes": 40_000_000, "worker_bytes": 600_000_000, "budget_bytes": 12_000_000_000},
    "counts": {"done": 120, "failed": 2, "cancelled": 1, "refused": 0, "restarts": 1},
    "rates": {"pictures_per_minute": 34.0, "seconds_per_picture": 1.74},
    "last_errors": [{"time": "2026-01-02T03:04:05+00:00", "job": "x", "detail": "[red]照片\x1b.jpg: damaged."}],
}


class Ran(NamedTuple):
    """How a run ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Bshm = Callable[..., Ran]


@pytest.fixture
def bshm(capsys: pytest.CaptureFixture[str]) -> Bshm:
    def run(*words: str) -> Ran:
        code = main(["status", *words])
        return Ran(code, *capsys.readouterr())

    return run


def text_of(status: dict[str, Any]) -> str:
    stream = io.StringIO()
    Console(file=stream, width=100, highlight=False).print(view(status, Path("/run/bshm/engine.sock")))
    return stream.getvalue()


def test_everything_is_said() -> None:
    lines = [each.rstrip() for each in text_of(STATUS).splitlines()]
    assert lines[:9] == [
        "engine    ready on CPU, 2 threads, version 1.2.3, pid 77",
        "running   for 2 h 1 min, at /run/bshm/engine.sock",
        "queue     7 waiting, 3 under way: 1 interactive, 9 batch",
        "room      14 of 512 pictures, 12 MB of 1024 MB are taken",
        "pictures  120 done, 2 failed, 1 cancelled, 0 refused",
        "rate      34 a minute, 1.7 s each",
        "memory    networks 600 MB of 12000 MB, server 40 MB",
        "networks  modnet, rvm",
        "restarts  1: so often the networks' process was lost",
    ]
    assert lines[11].split() == ["a", "running", "matte", "42%", "1.3", "s", "interactive"]
    assert lines[12].split() == ["b", "7.", "in", "the", "queue", "wait", "0%", "0.5", "s", "batch"]


def test_what_errors_say_can_do_nothing_to_a_terminal() -> None:
    assert r"[red]照片\x1b.jpg: damaged." in text_of(STATUS)


def test_an_engine_that_sleeps_and_has_done_nothing() -> None:
    asleep = STATUS | {"state": "asleep", "device": "", "networks": [], "jobs": [], "last_errors": []}
    asleep |= {"rates": {"pictures_per_minute": 0.0, "seconds_per_picture": None}}
    text = text_of(asleep)
    assert text.startswith("engine    asleep, version 1.2.3, pid 77 ")
    assert "none loaded: the next picture brings them back" in text
    assert "rate      0 a minute " in text


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.26, "0.3 s"), (61, "1 min"), (3700, "1 h 2 min"), (200_000, "2 days")]
)
def test_durations(seconds: float, words: str) -> None:
    assert f"for {words}, at" in text_of(STATUS | {"uptime_seconds": seconds})


def test_many_jobs_are_cut_short() -> None:
    assert "and 28 more" in text_of(STATUS | {"jobs": STATUS["jobs"] * 20})


def test_of_a_running_engine(resident: Live, bshm: Bshm) -> None:
    ran = bshm()
    assert (ran.code, ran.err) == (0, "")
    assert f"pid {resident.process.pid}" in ran.out
    assert "modnet" in ran.out


def test_for_programs(resident: Live, bshm: Bshm) -> None:
    ran = bshm("--json")
    assert ran.code == 0
    assert json.loads(ran.out)["pid"] == resident.process.pid


def test_no_engine(bshm: Bshm) -> None:
    assert bshm() == (3, "", "no engine is running at /nonexistent/engine.sock. Start it with: bshm engine.\n")
    assert bshm("--watch").code == 3


@pytest.mark.usefixtures("resident")
def test_watching_is_for_terminals(bshm: Bshm) -> None:
    assert bshm("--watch") == (2, "", "--watch is for a terminal. Use --json in scripts.\n")


class Terminal:
    """`bshm status --watch` on a terminal. shown: all that it has written."""

    def __init__(self, address: Path) -> None:
        self._ours, theirs = pty.openpty()
        code = "import sys; from daemon.commands import main; sys.exit(main(['status', '--watch']))"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "BSHM_SOCKET": str(address), "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        self.shown = b""

    def until(self, words: str, times: int = 1) -> None:
        end = time.monotonic() + 30
        while self.shown.count(words.encode()) < times:
            assert time.monotonic() < end, self.shown.decode()
            self._read(0.1)

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        while self._read(0):
            pass
        os.close(self._ours)
        return code

    def _read(self, seconds: float) -> bytes:
        if not select.select([self._ours], [], [], seconds)[0]:
            return b""
        try:
            part = os.read(self._ours, 100_000)
        except OSError:  # Linux: the other end was closed
            return b""
        self.shown += part
        return part


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)], ids=["Ctrl-C", "kill"])
def test_it_looks_again_and_again_until_it_is_stopped(number: int, code: int, resident: Live) -> None:
    terminal = Terminal(resident.address)
    terminal.until("pictures", 3)
    assert terminal.stop(number) == code
    assert b"Traceback" not in terminal.shown


def test_an_engine_that_goes_and_comes_back_while_it_is_watched(address: Path) -> None:
    with listening(address, saying(json_reply(STATUS))):
        terminal = Terminal(address)
        terminal.until("pid 77")
    address.unlink()
    terminal.until("no engine is running")
    with listening(address, saying(json_reply(STATUS | {"pid": 78}))):
        terminal.until("pid 78")
        assert terminal.stop(signal.SIGINT) == 0
