"""An engine that is ready: the one that runs, or one that is started by the command that was installed."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.engine.client.listening import json_reply, listening, saying
from tests.engine.server.live import live, until
from tests.gimp210.python2 import Outcome, Python2, Record, Tell, running

BSHM = Path(sys.executable).with_name("bshm")
STARTING, READY = json_reply({"state": "starting"}, "503 Busy"), json_reply({"state": "ready"})


def engine_at(python: Python2, address: Path, *command: Path) -> Outcome:
    return python("starting.ready_engine", address, Record("places.Installation", (command, None)), Tell())


def script(folder: Path, text: str) -> Path:
    """A command of the test's own in place of `bshm`."""
    file = folder / "bshm"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_one_that_runs_is_taken(address: Path, python2: Python2) -> None:
    with listening(address, saying(READY)):
        assert engine_at(python2, address).result == os.fsencode(address)


def test_one_that_is_starting_is_waited_for(address: Path, python2: Python2) -> None:
    with listening(address, saying(STARTING), saying(STARTING), saying(READY)):
        assert engine_at(python2, address).heard == [[b"The engine is starting"]] * 2


def test_but_not_for_ever(address: Path, python27: str) -> None:
    with running() as python, listening(address, saying(STARTING)):
        python("starting._PATIENCE=", 0.3)
        assert engine_at(python, address).error == "BusyError"


def test_where_none_runs_the_real_command_starts_one(python27: str) -> None:
    """It goes on when the plug-in has ended, and is not led astray by what an AppImage sets."""
    astray = {"LD_LIBRARY_PATH": "/nowhere/appimage", "PYTHONPATH": "/nowhere/gimp"}
    with live("", start=False) as engine:
        with running({**engine.environment, **astray}) as python:
            outcome = engine_at(python, engine.address, BSHM)
        assert (outcome.result, outcome.says) == (os.fsencode(engine.address), "")
        assert outcome.heard[0] == [b"The engine is starting"]
        os.kill(engine.status()["pid"], signal.SIGTERM)
        until(lambda: not engine.address.exists(), 30)


def test_it_may_listen_elsewhere_than_was_thought(tmp_path: Path, address: Path, python2: Python2) -> None:
    """The config names another socket since the plug-in was installed: the command knows it."""
    command = script(tmp_path, f'[ "$*" = "engine --detach" ] && echo "{address}"')
    assert engine_at(python2, tmp_path / "old.sock", command).result == os.fsencode(address)


def test_a_command_that_goes_on_in_the_background_is_not_waited_for(tmp_path: Path, python2: Python2) -> None:
    command = script(tmp_path, "sleep 30 & echo $! >&2; exit 3")
    outcome = engine_at(python2, tmp_path / "engine.sock", command)
    os.kill(int(outcome.says.split()[-1]), signal.SIGTERM)
    assert len(outcome.heard) < 100


def test_a_command_that_fails_is_quoted(tmp_path: Path, python2: Python2) -> None:
    command = script(tmp_path, "echo 'The network modnet is missing.' >&2; exit 3")
    says = engine_at(python2, tmp_path / "engine.sock", command).says
    assert says == "The engine could not be started. It says: The network modnet is missing."


def test_a_command_that_is_gone_is_named(tmp_path: Path, python2: Python2) -> None:
    says = engine_at(python2, tmp_path / "engine.sock", tmp_path / "bshm").says
    assert says.startswith(f"The engine could not be started: {tmp_path}/bshm: No such file or directory. ")


def test_a_plug_in_that_was_put_in_place_by_hand_says_what_to_paste(tmp_path: Path, python2: Python2) -> None:
    says = engine_at(python2, tmp_path / "engine.sock").says
    assert says.endswith("does not know how to start it. Paste in a terminal: bshm engine --detach")
