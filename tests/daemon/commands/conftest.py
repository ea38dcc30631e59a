"""`bshm cutout` in this process, with the engine of all tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.commands import main
from tests.daemon.commands.running import Bshm, Ran, Refuses

if TYPE_CHECKING:
    from engine import Engine


@pytest.fixture
def bshm(engine: Engine, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Bshm:
    """Runs `bshm cutout` in this process; the networks are the real ones."""
    monkeypatch.setattr("engine.pipeline.Engine", lambda _: engine)

    def run(*words: str | Path) -> Ran:
        code = main(["cutout", *map(str, words)])
        out, err = capfdbinary.readouterr()
        return Ran(code, out.splitlines(), err.decode())

    return run


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refuses:
    """Runs `bshm cutout` where it must not come to the networks; gives the exit code and what was said."""
    monkeypatch.setattr("engine.pipeline.Engine", lambda _: pytest.fail("the networks were loaded"))

    def run(*words: str | Path) -> tuple[int, str]:
        code = main(["cutout", *map(str, words)])
        captured = capsys.readouterr()
        assert captured.out == ""
        return code, captured.err

    return run
