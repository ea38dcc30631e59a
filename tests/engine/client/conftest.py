from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def address() -> Iterator[Path]:
    """A path for a socket; tmp_path may be longer than the 107 bytes that one can have (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="bshm"))
    yield folder / "engine.sock"
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody() -> Callable[[Callable[[], object]], object]:
    """Calls a function as a user who owns nothing; where the tests run as one, that is not possible."""

    def call(function: Callable[[], object]) -> object:
        if os.geteuid():
            pytest.skip("only root can become another user")
        os.seteuid(NOBODY)
        try:
            return function()
        finally:
            os.seteuid(0)

    return call
