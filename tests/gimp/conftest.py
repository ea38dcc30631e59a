"""Real GIMPs, and a real engine for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.server.live import Live, live
from tests.gimp.roots import SUITES, NotHereError, Suite, root_of
from tests.gimp.running import Desk


@pytest.fixture(scope="session", params=SUITES, ids=lambda suite: f"GIMP {suite.gimp}")
def suite(request: pytest.FixtureRequest) -> Suite:
    found: Suite = request.param
    try:
        root_of(found)
    except NotHereError as why:
        pytest.skip(str(why))
    return found


@pytest.fixture(scope="session")
def resident() -> Iterator[Live]:
    """A real engine with real networks, one look at each person."""
    with live("quality: fast\n") as engine:
        yield engine


@pytest.fixture(scope="session")
def shared() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bshm-gimp-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def desk(suite: Suite, resident: Live, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A GIMP whose plug-in finds the engine."""
    return Desk(root_of(suite), tmp_path_factory.mktemp("shared"), resident.address.parent)
