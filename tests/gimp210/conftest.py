"""A Python 2.7, a GIMP 2.10 with Python-Fu, and a real engine for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.types import Rgb8, Size
from tests.engine.server.live import Live
from tests.gimp.beside import astronaut, judge, lay_ready, resident
from tests.gimp.roots import NotHereError
from tests.gimp210 import python2 as two
from tests.gimp210 import running
from tests.gimp210.kinds import HEIGHT, WIDTH
from tests.gimp210.python2 import Python2
from tests.gimp210.running import Desk

__all__ = ["judge", "resident"]  # fixtures of both


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
def photo() -> Rgb8:
    """A person, [HEIGHT, WIDTH, 3]."""
    return astronaut(Size(WIDTH, HEIGHT))


@pytest.fixture(scope="session")
def gimp_root() -> Path:
    """The folder with a GIMP 2.10."""
    try:
        return running.root()
    except NotHereError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def desk(gimp_root: Path, resident: Live, photo: Rgb8, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A GIMP whose plug-in finds the engine, and the photo in the forms that the checks paint. alpha: 0 on the left,
    opaque from the middle on."""
    shared = tmp_path_factory.mktemp("shared")
    lay_ready(shared, photo, np.clip(np.arange(WIDTH) * 5 - 100, 0, 255).astype(np.uint8))
    return Desk(gimp_root, shared, resident.address.parent)
