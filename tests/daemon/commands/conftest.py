"""`bshm cutout` in this process, with the engine of all tests; and resident engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from daemon.commands import main
from tests.daemon.commands.running import Bshm, Ran, Refuses
from tests.engine.server.live import Live, live

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


@pytest.fixture(scope="session")
def _one_engine() -> Iterator[Live]:
    with live() as running:
        yield running


@pytest.fixture
def resident(_one_engine: Live, monkeypatch: pytest.MonkeyPatch) -> Live:
    """The resident engine that many tests use, where the commands look for it."""
    monkeypatch.setenv("BSHM_SOCKET", str(_one_engine.address))
    return _one_engine


@pytest.fixture
def no_networks_here(monkeypatch: pytest.MonkeyPatch, bshm: Bshm) -> None:
    """Networks are not loaded in this process."""
    monkeypatch.setattr("engine.pipeline.Engine", lambda _: pytest.fail("networks were loaded in this process"))
