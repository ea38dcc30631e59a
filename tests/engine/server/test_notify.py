"""systemd is told as sd_notify(3) and sd_watchdog_enabled(3) say."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.server.notify import notify, reloading, watchdog_seconds


@pytest.fixture
def systemd(short: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket on which it listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.settimeout(5)
        one.bind(str(short / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(short / "notify"))
        yield one


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify("READY=1") is False


def test_assignments_go_in_one_message_a_line_each(systemd: socket.socket) -> None:
    assert notify("READY=1", "STATUS=人 ready\non the CPU", f"MAINPID={os.getpid()}") is True
    assert systemd.recv(1000).decode() == f"READY=1\nSTATUS=人 ready on the CPU\nMAINPID={os.getpid()}"


def test_a_socket_may_have_an_abstract_name(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"bshm-notify-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.settimeout(5)
        one.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert notify("WATCHDOG=1")
        assert one.recv(1000) == b"WATCHDOG=1"


def test_reloading_says_when(systemd: socket.socket) -> None:
    before = time.monotonic_ns() // 1000
    assert reloading()
    said = re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", systemd.recv(1000).decode())
    assert said
    assert before <= int(said[1]) <= time.monotonic_ns() // 1000


def test_a_socket_that_is_gone_is_a_line_in_the_log_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    assert notify("READY=1") is False
    assert "systemd was not told 'READY=1'" in caplog.text


def test_a_systemd_that_does_not_read_holds_nobody_up_for_long(
    systemd: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    while notify("STATUS=" + "x" * 1000):
        pass
    assert time.monotonic() - began < 5
    assert "timed out" in caplog.text


@pytest.mark.parametrize(
    ("microseconds", "process", "seconds"),
    [
        ("30000000", None, 30.0),
        ("30000000", "own", 30.0),
        ("1500000", None, 1.5),
        ("30000000", "1", None),
        (None, None, None),
        ("0", None, None),
        ("soon", None, None),
        ("-1", None, None),
    ],
)
def test_the_watchdog_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, process: str | None, seconds: float | None
) -> None:
    own = str(os.getpid()) if process == "own" else process
    for name, value in (("WATCHDOG_USEC", microseconds), ("WATCHDOG_PID", own)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    assert watchdog_seconds() == seconds
