"""The engine's life: it starts, takes over, is told by signals and by systemd, loses its worker, and ends in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.engine.server.live import Live, live, until


@contextmanager
def systemd(folder: Path) -> Iterator[socket.socket]:
    """What systemd listens on for what its services say."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(folder / "notify"))
        one.settimeout(30)
        yield one


def said(heard: socket.socket, wanted: Callable[[str], bool]) -> str:
    """The next message that is the wanted one."""
    while True:
        message = heard.recv(4096).decode()
        if wanted(message):
            return message


def test_it_is_ready_soon_and_ends_in_order() -> None:
    with live(start=False) as one:
        started = time.monotonic()
        one.start()
        seconds = time.monotonic() - started
        worker = one.worker
        assert one.stop() == 0
        assert not one.address.exists()
        assert not worker.is_running()
        assert f"The engine listens on {one.address}" in one.log
        assert seconds < 15  # 3 s on a machine that does nothing else: tests/bench


def test_a_second_one_does_not_steal_its_place() -> None:
    with live() as one:
        command = [sys.executable, "-c", "import sys; from daemon.commands import main; sys.exit(main(['engine']))"]
        other = subprocess.run(
            command, env={**os.environ, **one.environment}, capture_output=True, text=True, check=False
        )
        assert other.returncode == 3
        assert f"pid {one.process.pid}" in other.stderr
        assert "Traceback" not in other.stderr
        assert one.get("/healthz").status_code == 200


def test_after_kill_9_the_next_one_takes_over_by_itself(astronaut: bytes) -> None:
    with live() as one:
        worker = one.worker
        with ThreadPoolExecutor() as pool:
            lost = pool.submit(one.cut_out, astronaut)
            until(lambda: one.status()["queue"]["running"])
            one.process.kill()
            one.process.wait()
            with pytest.raises(httpx.TransportError):
                lost.result()
        assert one.address.exists()
        until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
        one.start()
        assert one.cut_out(astronaut).status_code == 200


def test_without_its_socket_it_ends_and_says_why() -> None:
    """Nobody could reach it, and no other engine be started beside it."""
    with live() as one:
        one.address.unlink()
        assert one.process.wait(30) == 3
        assert "its socket's file was removed. Start it again." in one.log
        one.start()
        assert one.get("/healthz").status_code == 200


def test_a_second_sigterm_does_not_wait_for_pictures(astronaut: bytes) -> None:
    with live() as one, ThreadPoolExecutor() as pool:
        answer = pool.submit(one.cut_out, astronaut, quality="best")
        until(lambda: one.status()["queue"]["running"])
        one.signal(signal.SIGTERM)
        until(lambda: one.get("/readyz").json()["state"] == "stopping")
        one.signal(signal.SIGTERM)
        assert answer.result().status_code == 503
        assert one.process.wait(30) == 0


def test_sigterm_finishes_what_is_under_way_and_refuses_what_waits(astronaut: bytes) -> None:
    with live() as one, ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(one.cut_out, astronaut, priority="batch", quality="best") for _ in range(6)]
        until(lambda: one.status()["queue"]["waiting"] == 3)
        assert one.stop() == 0
        codes = sorted(each.result().status_code for each in answers)
        assert codes == [200, 200, 200, 503, 503, 503]
        refused = next(each.result() for each in answers if each.result().status_code == 503)
        assert "the engine is stopping" in refused.json()["detail"]
        assert refused.headers["retry-after"]


def test_sigterm_waits_no_longer_than_it_may(astronaut: bytes) -> None:
    with live("engine: {stop_within: 0.01}\n") as one, ThreadPoolExecutor() as pool:
        answer = pool.submit(one.cut_out, astronaut, quality="best")
        until(lambda: one.status()["queue"]["running"])
        started = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - started < 10
        assert answer.result().status_code == 503


def test_sigterm_while_it_starts_ends_it() -> None:
    with live(start=False) as one:
        one.start(wait=False)
        until(one.address.exists)
        assert one.stop() == 0


def test_sighup_reads_the_config_again(astronaut: bytes) -> None:
    with live("queue: {pictures: 5}\n") as one:
        assert one.status()["queue"]["limit_pictures"] == 5
        one.config.write_text("queue: {pictures: 7}\nlicences: permissive\n")
        one.signal(signal.SIGHUP)
        until(lambda: one.status()["queue"]["limit_pictures"] == 7)
        assert one.cut_out(astronaut, network="rvm").status_code == 400
        assert one.cut_out(astronaut).status_code == 200
        assert "rvm" not in one.status()["networks"]


def test_a_config_that_is_wrong_changes_nothing(astronaut: bytes) -> None:
    with live() as one:
        one.config.write_text("threads: many\n")
        one.signal(signal.SIGHUP)
        until(lambda: "was not read again" in one.log)
        assert "line 1: 'threads' cannot be 'many'" in one.log
        assert one.cut_out(astronaut).status_code == 200


def test_without_its_networks_it_says_what_to_do(tmp_path: Path) -> None:
    with live(start=False, XDG_DATA_HOME=str(tmp_path)) as one:
        one.start(wait=False)
        assert one.process.wait(30) == 3
        assert "the network is not installed" in one.log
        assert "Run: bshm models pull" in one.log
        assert "Traceback" not in one.log
        assert not one.address.exists()


class TestWorkers:
    def test_a_worker_that_is_killed_costs_a_retry_and_is_counted(self, astronaut: bytes) -> None:
        with live() as one, ThreadPoolExecutor() as pool:
            answer = pool.submit(one.cut_out, astronaut, job="a", quality="best")
            until(lambda: one.get("/v1/jobs/a").json().get("stage") == "matte")
            one.worker.kill()
            assert answer.result().status_code == 200
            assert "Tried again, alone" in answer.result().headers["x-bshm-report"]
            assert one.status()["counts"]["restarts"] == 1
            until(lambda: 'bshm_worker_restarts_total{reason="SIGKILL"} 1.0' in one.get("/metrics").text)
            assert 'msg="the worker was lost"' in one.log

    def test_a_worker_that_hangs_as_a_whole_is_found_long_before_the_deadline(self, astronaut: bytes) -> None:
        """SIGSTOP: nothing in it moves any more."""
        with live() as one, ThreadPoolExecutor() as pool:
            answer = pool.submit(one.cut_out, astronaut, job="a", quality="best")
            until(lambda: one.get("/v1/jobs/a").json().get("stage") == "matte")
            one.worker.suspend()
            assert answer.result().status_code == 200
            assert 'msg="the worker hangs"' in one.log

    def test_networks_sleep_and_checks_do_not_wake_them(self, astronaut: bytes) -> None:
        with live("engine: {idle_unload: 0.01}\n") as one:
            until(lambda: one.status()["state"] == "asleep")
            for path in ("/healthz", "/readyz", "/v1/status", "/v1/models", "/metrics"):
                assert one.get(path).status_code == 200
            assert one.get("/readyz").json() == {"state": "asleep"}
            time.sleep(0.3)
            assert one.status()["worker_pid"] is None
            assert one.status()["memory"]["worker_bytes"] == 0
            assert one.cut_out(astronaut).status_code == 200


class TestSystemd:
    def test_it_tells_systemd_how_it_is(self, astronaut: bytes) -> None:
        with live(start=False) as one, systemd(one.folder) as heard:
            environment = {"NOTIFY_SOCKET": str(one.folder / "notify"), "WATCHDOG_USEC": "600000"}
            told = Live(one.folder, {**one.environment, **environment})
            told.start(wait=False)
            try:
                assert said(heard, lambda text: "READY=1" in text) == f"READY=1\nSTATUS=Ready on {cpu()}"
                assert said(heard, lambda text: "WATCHDOG" in text) == "WATCHDOG=1"
                assert told.cut_out(astronaut).status_code == 200
                told.signal(signal.SIGHUP)
                assert "MONOTONIC_USEC=" in said(heard, lambda text: "RELOADING=1" in text)
                assert said(heard, lambda text: "READY" in text) == "READY=1"
                assert said(heard, lambda text: "STATUS" in text) == "STATUS=Loading the networks"
                told.signal(signal.SIGTERM)
                assert "STATUS=" in said(heard, lambda text: "STOPPING=1" in text)
            finally:
                assert told.stop() == 0

    def test_a_socket_from_systemd_is_used_and_left_alone(self, astronaut: bytes) -> None:
        with live(start=False) as one, socket.socket(socket.AF_UNIX) as listening:
            one.address.parent.mkdir(mode=0o700)
            listening.bind(str(one.address))
            listening.listen()
            script = (
                "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', "
                "LISTEN_PID=str(os.getpid())); from daemon.commands import main; sys.exit(main(['engine']))"
            )
            with (one.folder / "stderr").open("ab") as stderr:
                one.process = subprocess.Popen(
                    [sys.executable, "-c", script, str(listening.fileno())],
                    env={**os.environ, **one.environment},
                    pass_fds=[listening.fileno()],
                    stderr=stderr,
                )
            assert one.cut_out(astronaut).status_code == 200  # also before it was ready
            assert one.stop() == 0
            assert one.address.exists()


def cpu() -> str:
    threads = len(os.sched_getaffinity(0))
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"
