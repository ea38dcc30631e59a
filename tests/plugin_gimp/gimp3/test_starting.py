"""An engine that is ready: the one that runs, or one that is started by the command that was installed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from bshm_cut_out import starting
from bshm_cut_out.errors import BusyError, CutOutError
from bshm_cut_out.places import Installation
from bshm_cut_out.starting import ready_engine

from tests.engine.client.listening import json_reply, listening, saying
from tests.engine.server.live import live, until

BSHM = Path(sys.executable).with_name("bshm")
STARTING = json_reply({"state": "starting"}, "503 Busy")


def command(folder: Path, script: str) -> Installation:
    """A command of the test's own in place of `bshm`."""
    file = folder / "bshm"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return Installation((str(file),))


def nothing(_text: str) -> None:
    pass


def test_one_that_runs_is_taken(address: Path) -> None:
    with listening(address, saying(json_reply({"state": "ready"}))):
        assert ready_engine(address, Installation(), nothing).path == address


def test_one_that_is_starting_is_waited_for(address: Path) -> None:
    told: list[str] = []
    with listening(address, saying(STARTING), saying(STARTING), saying(json_reply({"state": "ready"}))):
        ready_engine(address, Installation(), told.append)
    assert told == ["The engine is starting"] * 2


def test_but_not_for_ever(address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "_PATIENCE", 0.3)
    with listening(address, saying(STARTING)), pytest.raises(BusyError, match="starting or stopping"):
        ready_engine(address, Installation(), nothing)


def test_where_none_runs_the_real_command_starts_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with live("", start=False) as engine:
        for name, value in engine.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("APPDIR", "/nowhere")
        monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere/appimage")
        monkeypatch.setenv("PYTHONHOME", "/nowhere/python")
        told: list[str] = []
        found = ready_engine(engine.address, Installation((str(BSHM),)), told.append)
        assert found.path == engine.address
        assert set(told) == {"The engine is starting"}
        pid = engine.status()["pid"]
        os.kill(pid, signal.SIGTERM)
        until(lambda: not engine.address.exists(), 30)


def test_it_may_listen_elsewhere_than_was_thought(tmp_path: Path, address: Path) -> None:
    """The config names another socket since the plug-in was installed: the command knows it."""
    installed = command(tmp_path, f'[ "$*" = "engine --detach" ] && echo "{address}"')
    assert ready_engine(tmp_path / "old.sock", installed, nothing).path == address


@pytest.mark.parametrize(("appdir", "kept"), [(None, "/the/users/own"), ("/mounted", "none")])
def test_what_an_appimage_sets_is_kept_from_the_engine_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appdir: str | None, kept: str
) -> None:
    if appdir:
        monkeypatch.setenv("APPDIR", appdir)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/the/users/own")
    installed = command(tmp_path, 'echo "${LD_LIBRARY_PATH:-none}"')
    assert ready_engine(tmp_path / "engine.sock", installed, nothing).path == Path(kept)


def test_a_command_that_fails_is_quoted(tmp_path: Path) -> None:
    installed = command(tmp_path, "echo 'The network modnet is missing.' >&2; exit 3")
    with pytest.raises(CutOutError, match=r"could not be started\. It says: The network modnet is missing\.$"):
        ready_engine(tmp_path / "engine.sock", installed, nothing)


def test_a_command_that_is_gone_is_named(tmp_path: Path) -> None:
    installed = Installation((str(tmp_path / "bshm"),))
    with pytest.raises(CutOutError, match=rf"could not be started: {tmp_path}/bshm: No such file.*install\.sh --gimp"):
        ready_engine(tmp_path / "engine.sock", installed, nothing)


def test_a_plug_in_that_was_put_in_place_by_hand_says_what_to_paste(tmp_path: Path) -> None:
    with pytest.raises(CutOutError, match=r"does not know how to start it\. Paste in a terminal: bshm engine --detach"):
        ready_engine(tmp_path / "engine.sock", Installation(), nothing)


def test_so_does_one_in_a_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "in_flatpak", lambda: True)
    with pytest.raises(CutOutError, match=r"GIMP from Flatpak cannot start it\. Paste in a terminal"):
        ready_engine(tmp_path / "engine.sock", Installation(("/bin/true",)), nothing)
