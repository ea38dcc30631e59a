"""The resident engine as `bshm watch` finds it, starts it, waits for it and ends it; each a real one."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from daemon.watch import engine as module
from daemon.watch.engine import Engine
from engine.errors import ConfigError, EngineError
from engine.settings import Settings
from engine.settings import Watching as WatchSettings
from tests.engine.server.live import Live, live, until

WAITS = replace(Settings(), watch=WatchSettings(start_engine=False))
STARTS = Settings()
OTHER = replace(STARTS, memory=replace(STARTS.memory, longest_side=2000))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """An engine that somebody else may start, and the address at which it will be."""
    with live("quality: fast\n", start=False) as one:
        monkeypatch.setenv("BSHM_SOCKET", str(one.address))
        yield one


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("memory:\n  longest_side: 2000\n")
    return path


@contextmanager
def waiting(engine: Engine) -> Iterator[list[bool]]:
    """A thread that waits for it meanwhile; what it was answered."""
    answers: list[bool] = []
    stopping = threading.Event()
    thread = threading.Thread(target=lambda: answers.append(engine.wait(stopping)))
    thread.start()
    try:
        yield answers
    finally:
        stopping.set()
        thread.join(30)
        assert not thread.is_alive()


def pid(engine: Engine) -> int:
    return int(engine.client.status()["pid"])


def test_one_that_runs_is_used_and_left_running(own: Live, said: list[str]) -> None:
    own.start()
    engine = Engine(STARTS, None, said.append)
    assert engine.address == own.address
    assert engine.wait(threading.Event())
    assert pid(engine) == own.process.pid
    assert engine.described().endswith(f", in the resident engine (pid {own.process.pid}).")
    assert engine.obstacle(STARTS) is None
    obstacle = engine.obstacle(OTHER)
    assert obstacle == "its setting 'memory.longest_side' is 2560, and here it is 2000"
    engine.close()
    assert own.process.poll() is None
    assert own.get("/readyz").status_code == 200
    assert said == []


def test_one_is_started_where_none_runs_brought_back_and_ended(own: Live, config: Path, said: list[str]) -> None:
    engine = Engine(STARTS, config, said.append)
    never = threading.Event()
    with closing(engine):
        with waiting(engine) as answers:  # several want it at once: it is started once
            assert engine.wait(never)
            until(lambda: answers == [True])
        first = psutil.Process(pid(engine))
        assert first.ppid() == os.getpid()
        assert os.getpgid(first.pid) != os.getpgid(0)  # Ctrl-C is not for it
        assert engine.obstacle(OTHER) is None  # as the file says that was named

        first.send_signal(signal.SIGKILL)
        until(lambda: not own.listens())
        assert engine.wait(never)
        second = psutil.Process(pid(engine))
        assert second.pid != first.pid
    assert not second.is_running()
    assert said == []
    engine.close()  # there is nothing left to end


def test_one_that_does_not_run_and_may_not_be_started_is_told_once_and_waited_for(
    own: Live, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_COMES_BACK", 0.2)
    engine = Engine(WAITS, None, said.append)
    with waiting(engine) as answers:
        until(lambda: said)
        threading.Event().wait(0.4)
        assert answers == []
        assert len(said) == 1
        assert said[0].endswith("Pictures wait until it is back.")
        own.start()
        until(lambda: answers == [True])
    own.stop()
    with waiting(engine):  # the next time it is told anew
        until(lambda: len(said) == 2)


def test_one_that_comes_back_soon_is_no_news(own: Live, said: list[str]) -> None:
    own.start()
    engine = Engine(STARTS, None, said.append)
    assert engine.wait(threading.Event())
    own.process.kill()
    own.process.wait()
    with waiting(engine) as answers:
        own.start()
        until(lambda: answers == [True])
    assert pid(engine) == own.process.pid
    assert said == []


def test_why_one_cannot_be_started_is_told_once_and_it_is_tried_again(own: Live, config: Path, said: list[str]) -> None:
    config.write_text("quality: none such\n")
    with closing(Engine(STARTS, config, said.append)) as engine, waiting(engine) as answers:
        until(lambda: said)
        config.write_text("memory:\n  longest_side: 2000\n")
        until(lambda: answers == [True])
    assert len(said) == 1
    assert said[0].startswith("The engine could not be started: ")
    assert "none such" in said[0]
    assert said[0].endswith("Pictures wait until it is back.")


def test_somebody_at_its_address_who_is_no_engine_is_told_once(own: Live, said: list[str]) -> None:
    own.address.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(own.address))
        stranger.listen()
        stranger.settimeout(20)
        engine = Engine(STARTS, None, said.append)
        with waiting(engine) as answers:
            for _ in range(3):
                stranger.accept()[0].close()
            assert answers == []
    assert len(said) == 1
    with pytest.raises(EngineError):
        engine.described()
    engine.close()


def test_who_stops_does_not_wait(own: Live, said: list[str]) -> None:
    stopping = threading.Event()
    stopping.set()
    assert not Engine(STARTS, None, said.append).wait(stopping)
    assert not own.address.exists()


def test_a_path_that_no_socket_can_have_is_refused(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSHM_SOCKET", f"/{'x' * 200}")
    with pytest.raises(ConfigError, match="too long for a socket's path"):
        Engine(STARTS, None, said.append)
