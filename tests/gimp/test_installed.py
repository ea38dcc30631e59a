"""What `bshm gimp install` puts into a settings folder is what a real GIMP lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from daemon.commands import main
from tests.daemon.gimp.homes import Home
from tests.gimp.roots import Suite
from tests.gimp.running import Desk

pytestmark = pytest.mark.timeout(600)  # a GIMP that is not installed yet takes a minute


def test_gimp_lists_the_procedure(desk: Desk, suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = Home(tmp_path)
    folder = user.settings(suite.gimp) / "plug-ins/bshm-cut-out"
    with monkeypatch.context() as theirs:
        user.enter(theirs)
        assert main(["gimp", "install"]) == 0
    run = replace(desk, plug_in=folder).run("first")
    assert (run.code, run.alarms) == (0, []), run.complaints
    assert run.facts["procedure"]["known"]
