"""A Python 2.7, a GIMP 2.10 with Python-Fu, and a real engine for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.types import Rgb8
from tests.engine.server.live import Live, live
from tests.gimp.judging import Judge
from tests.gimp.roots import NotHereError
from tests.gimp210 import python2 as two
from tests.gimp210 import running
from tests.gimp210.kinds import HEIGHT, WIDTH
from tests.gimp210.python2 import Python2
from tests.gimp210.running import Desk


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


@pytest.fixture(scope="session")
def photo() -> Rgb8:
    """A person, [HEIGHT, WIDTH, 3]."""
    from tests.engine.scenes import photo

    return np.asarray(cv2.resize(photo("astronaut"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


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
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    alpha = np.tile(np.clip(np.arange(WIDTH) * 5 - 100, 0, 255).astype(np.uint8), (HEIGHT, 1))
    for name, pixels in {"rgb": photo, "grey": grey}.items():
        (shared / f"photo.{name}").write_bytes(pixels.tobytes())
        (shared / f"photo.{name}a").write_bytes(np.dstack([pixels, alpha]).tobytes())
    return Desk(gimp_root, shared, resident.address.parent)


@pytest.fixture(scope="module")
def judge(desk: Desk, resident: Live) -> Judge:
    return Judge(resident, desk.shared)
