"""One resident engine for each file of tests of `bshm watch`, and a `bshm watch` for each test, not started yet."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.watch.hot_folder import HotFolder
from daemon.watch.means import Means
from engine.settings import Settings
from tests.daemon.watch.answering import means_of
from tests.daemon.watch.hot import hot_folder
from tests.daemon.watch.watching import QUICK, Watching, watching
from tests.engine.server.live import Live, live


@pytest.fixture(scope="module")
def resident() -> Iterator[Live]:
    with live("quality: fast\n") as one:
        yield one


@pytest.fixture
def watch(resident: Live) -> Iterator[Watching]:
    with watching(BSHM_SOCKET=str(resident.address)) as one:
        one.configure(QUICK)
        yield one


@pytest.fixture
def another_disk() -> Iterator[Path]:
    """A folder on another file system than the folder of tests."""
    memory = Path("/dev/shm")  # noqa: S108  # tmpfs, where there is one
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is no second file system that may be written here")
    with tempfile.TemporaryDirectory(prefix="bshm-", dir=memory) as name:
        yield Path(name)


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    (tmp_path / "in").mkdir()
    return hot_folder(tmp_path / "in", settings=replace(Settings(), want=("cutout", "matte")))


@pytest.fixture
def looked() -> list[str]:
    """The files of which a look was asked for."""
    return []


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def means(tmp_path: Path, looked: list[str], said: list[str]) -> Iterator[Means]:
    with means_of(tmp_path / "state" / "ledger") as one:
        yield replace(one, look=lambda _, name: looked.append(name), complain=said.append)
