"""Places whose paths are short enough for sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder with a short path; a socket's path has 107 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="bshm") as folder:
        yield Path(folder)


@pytest.fixture
def short() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder
