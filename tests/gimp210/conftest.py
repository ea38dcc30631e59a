"""A Python 2.7, a GIMP 2.10 with Python-Fu, and a real engine for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.server.live import Live, live
from tests.gimp.roots import NotHereError
from tests.gimp210 import python2 as two
from tests.gimp210.python2 import Python2


@pytest.fixture(scope="session")
def python27() -> str:
    """The path of a Python 2.7."""
    try:
        return two.program()
    except NotHereError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="session")
def python2(python27: str) -> Iterator[Python2]:
    """Calls the plug-in's functions."""
    with two.running() as python:
        yield python


@pytest.fixture(scope="session")
def resident() -> Iterator[Live]:
    """A real engine with real networks, one look at each person."""
    with live("quality: fast\n") as engine:
        yield engine
