"""No engine runs: the plug-in starts a real one with what `bshm gimp install` wrote beside it, and waits for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from daemon.starting import own_command
from tests.gimp.inside.kinds import HEIGHT, WIDTH
from tests.gimp.judging import Judge
from tests.gimp.running import Desk, Run

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def folder(desk: Desk) -> Iterator[Path]:
    """Where the engine is to listen, and has its config and its log; its path is the same inside and outside."""
    with tempfile.TemporaryDirectory(prefix="bshm") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def run(desk: Desk, folder: Path) -> Run:
    """The command is this project's own, on this machine as it is seen in there."""
    socket, config = folder / "engine.sock", folder / "config.yaml"
    config.write_text(f"quality: fast\nengine: {{socket: {socket}}}\n", encoding="utf-8")
    variables = {"HOME": str(Path.home()), "BSHM_CONFIG": str(config), "XDG_STATE_HOME": str(folder / "state")}
    command = ["env", *(f"{name}={value}" for name, value in variables.items()), "chroot", "/mnt/machine"]
    installation = {"version": "0", "command": [*command, *own_command()], "socket": str(socket)}
    return replace(desk, same=folder, machine=True, installation=installation, environment={"BSHM_SOCKET": ""}).run(
        "starting"
    )


def test_it_ends_well(run: Run) -> None:
    assert (run.code, run.alarms) == (0, []), run.complaints


def test_the_first_call_brings_the_mask(run: Run, judge: Judge) -> None:
    fact = run.facts["first"]
    assert (fact["status"], fact["message"], fact["unchanged"]) == ("SUCCESS", "", [True])
    matte = judge.matte(fact["sources"][0]["rgb"], fact["asked"])
    np.testing.assert_array_equal(run.samples(fact["masks"][0], WIDTH, HEIGHT), matte)


def test_the_second_call_finds_that_engine(run: Run, folder: Path) -> None:
    assert run.facts["second"]["status"] == "SUCCESS"
    log = (folder / "state/bshm/log/engine.log").read_text(encoding="utf-8")
    assert (log.count("msg=ready"), log.count("a picture is done")) == (1, 2), log
