"""The engine and its clients look for the socket at the same place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.address import socket_path, token_path
from engine.errors import ConfigError
from engine.settings import Resident, Settings


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BSHM_SOCKET", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/me")


def with_socket(path: str) -> Settings:
    return Settings(engine=Resident(socket=path))


def test_it_lies_in_the_runtime_folder() -> None:
    assert socket_path() == socket_path(Settings()) == Path("/run/me/bshm/engine.sock")


def test_without_a_login_it_lies_in_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert socket_path() == Path("/state/bshm/run/engine.sock")


def test_the_config_names_another_and_the_environment_goes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert socket_path(with_socket("/run/other")) == Path("/run/other")
    monkeypatch.setenv("BSHM_SOCKET", "/run/third")
    assert socket_path(with_socket("/run/other")) == socket_path() == Path("/run/third")


def test_a_relative_name_is_meant_from_the_folder_one_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    monkeypatch.setenv("BSHM_SOCKET", "run/s")
    assert socket_path() == Path("/run/s")


@pytest.mark.parametrize("name", ["/" + "x" * 106, "/" + "人" * 35 + "x"])
def test_107_bytes_are_a_path_and_108_are_a_sentence(name: str) -> None:
    assert socket_path(with_socket(name)) == Path(name)
    with pytest.raises(ConfigError, match=r"it has 108 bytes, and 107 is the most\. Name a shorter one"):
        socket_path(with_socket(name + "x"))


def test_a_nul_byte_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^'/a\\x00b': no socket's path: it has a NUL byte\."):
        socket_path(with_socket("/a\0b"))


def test_the_token_lies_beside_the_socket() -> None:
    assert token_path(Path("/run/me/bshm/x.sock")) == Path("/run/me/bshm/engine.token")
