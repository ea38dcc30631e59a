"""Real GIMPs, and a real engine for them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from engine.types import Rgb8
from tests.engine.server.live import Live, live
from tests.gimp.inside.kinds import HEIGHT, WIDTH
from tests.gimp.judging import Judge
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
def photo() -> Rgb8:
    """A person, [HEIGHT, WIDTH, 3]."""
    from tests.engine.scenes import photo

    return np.asarray(cv2.resize(photo("astronaut"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="module")
def desk(suite: Suite, resident: Live, photo: Rgb8, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A GIMP whose plug-in finds the engine, and the photo in the forms that the checks paint. alpha: 0 on the left,
    opaque from the middle on."""
    shared = tmp_path_factory.mktemp("shared")
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    alpha = np.tile(np.clip(np.arange(WIDTH) * 4 - 40, 0, 255).astype(np.uint8), (HEIGHT, 1))
    for name, channels in {"rgb": [photo], "rgba": [photo, alpha], "grey": [grey], "greya": [grey, alpha]}.items():
        (shared / f"photo.{name}").write_bytes(np.dstack(channels).tobytes())
    return Desk(root_of(suite), shared, resident.address.parent)


@pytest.fixture(scope="module")
def judge(desk: Desk, resident: Live) -> Judge:
    return Judge(resident, desk.shared)
