"""What the tests of the command line share: a state folder of their own, pictures, users without rights."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
def without_rights() -> Callable[[Path], AbstractContextManager[None]]:
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


@pytest.fixture
def small_disk() -> Callable[[Path], AbstractContextManager[None]]:
    """A context in which a folder is a file system with room for 100 KB."""

    @contextmanager
    def context(folder: Path) -> Iterator[None]:
        command = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root, with the right to mount, can make a disk small")
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)

    return context
