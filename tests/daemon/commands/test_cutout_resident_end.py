"""`bshm cutout` whose engine ends under way, or that is stopped itself: nothing is lost, nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.daemon.commands.running import Bshm, many, whole_results
from tests.engine.server.live import Live, live, until

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-c", "import sys; from daemon.commands import main; sys.exit(main())"]


@pytest.fixture(scope="module")
def _one_ending() -> Iterator[Live]:
    with live() as running:
        yield running


@pytest.fixture
def ending(_one_ending: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A resident engine that may come to harm; each test that needs one that lives leaves one, or has it started."""
    if _one_ending.process.poll() is not None:
        _one_ending.start()
    monkeypatch.setenv("BSHM_SOCKET", str(_one_ending.address))
    yield _one_ending
    _one_ending.signal(signal.SIGCONT)


def start(folder: Path, engine: Live, *words: str) -> subprocess.Popen[bytes]:
    """`bshm cutout` as a program of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BSHM_SOCKET": str(engine.address)}
    command = [*PROGRAM, "cutout", *words]
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@contextmanager
def once_there(folder: Path, act: Callable[[], object]) -> Iterator[None]:
    """Does something, in another thread, as soon as the folder has a result."""

    def wait() -> None:
        until(lambda: folder.exists() and any(each.suffix == ".png" for each in folder.iterdir()))
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_ctrl_c_cancels_what_is_under_way(tmp_path: Path, resident: Live) -> None:
    many(tmp_path / "in", 200)
    before = resident.status()["counts"]["cancelled"]
    with start(tmp_path, resident, "in", "-o", "out") as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        running.send_signal(signal.SIGINT)
        rest, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said.endswith(b"Stopped. What was finished stays.\n")
    assert b"Traceback" not in said
    until(lambda: resident.status()["jobs"] == [], 10)
    assert resident.status()["counts"]["cancelled"] > before
    printed = len([first, *rest.splitlines()])
    assert printed <= len(whole_results(tmp_path / "out")) <= printed + 1 < 200


def test_the_engine_falls_silent(tmp_path: Path, ending: Live, bshm: Bshm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.resident._SILENCE", 0.5)
    many(tmp_path / "in", 12)
    with once_there(tmp_path / "out", lambda: ending.signal(signal.SIGSTOP)):
        ran = bshm(tmp_path / "in", "-o", tmp_path / "out")
    assert (ran.code, len(ran.results)) == (0, 12)
    assert ran.messages.count("is silent: it does not answer") == 1


@pytest.mark.usefixtures("no_networks_here")
def test_the_engine_is_started_again(tmp_path: Path, ending: Live, bshm: Bshm) -> None:
    def start_again() -> None:
        ending.process.kill()
        ending.process.wait()
        ending.start(wait=False)

    many(tmp_path / "in", 12)
    with once_there(tmp_path / "out", start_again):
        ran = bshm(tmp_path / "in", "-o", tmp_path / "out")
    assert (ran.code, len(ran.results)) == (0, 12)
    assert len(whole_results(tmp_path / "out")) == 12
    assert ending.status()["counts"]["done"] > 0


def test_the_engine_is_killed(tmp_path: Path, ending: Live, bshm: Bshm, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9, and nobody starts it again: the run goes on in this process."""
    monkeypatch.setattr("daemon.resident._COMES_BACK", 0.5)
    many(tmp_path / "in", 12)
    with once_there(tmp_path / "out", ending.process.kill):
        ran = bshm(tmp_path / "in", "-o", tmp_path / "out")
    assert (ran.code, len(ran.results)) == (0, 12)
    assert ran.messages.count("From here on, networks run in this process.") == 1
    assert len(whole_results(tmp_path / "out")) == 12
