"""What the tests of the command line share: a state folder of their own, pictures, users without rights."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.gimp.homes import Home
from tests.daemon.server import Server, serving

NOBODY = 65534


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log and the config of whoever runs the tests are neither written nor read, their engine is not used; the
    networks are theirs."""
    folder = tmp_path_factory.mktemp("xdg")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("BSHM_SOCKET", "/nonexistent/engine.sock")
    monkeypatch.delenv("BSHM_CONFIG", raising=False)


@pytest.fixture
def without_rights() -> Callable[[Path], AbstractContextManager[None]]:
    """A context in which a folder cannot be written, also when root runs the tests."""

    @contextmanager
    def context(folder: Path) -> Iterator[None]:
        root = os.geteuid() == 0
        folder.chmod(0o555)
        if root:
            os.seteuid(NOBODY)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)

    return context


@pytest.fixture
def small_disk() -> Callable[[Path], AbstractContextManager[None]]:
    """A context in which a folder is a file system with room for 16 KB."""

    @contextmanager
    def context(folder: Path) -> Iterator[None]:
        command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root, with the right to mount, can make a disk small")
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)

    return context


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Says which addresses a host has, one list for each time it is asked for; gives the hosts that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def known(**hosts: list[list[str]]) -> list[str]:
        def getaddrinfo(host: str, port: int, *rest: Any, **named: Any) -> Any:
            turns = hosts.get(host.replace(".", "_"))
            if turns is None:
                return real(host, port, *rest, **named)
            asked.append(host)
            return [found for each in turns.pop(0) for found in real(each, port, *rest, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return known


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder, without links on the way to it."""
    monkeypatch.delenv("BSHM_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path.resolve()))
    return tmp_path.resolve()


@pytest.fixture
def user(home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Whoever runs the program, and may have GIMPs: their home and their variables are this process's."""
    one = Home(home)
    one.enter(monkeypatch)
    return one
