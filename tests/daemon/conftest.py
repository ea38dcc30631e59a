"""What the tests of the command line share: a state folder of their own, pictures, users without rights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log and the config of whoever runs the tests are neither written nor read; the networks are theirs."""
    folder = tmp_path_factory.mktemp("xdg")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.delenv("BSHM_CONFIG", raising=False)


@pytest.fixture
def without_rights() -> Callable[[Path], object]:
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
