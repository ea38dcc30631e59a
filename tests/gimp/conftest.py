"""Real GIMPs, and a real engine for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.types import Rgb8, Size
from tests.engine.server.live import Live
from tests.gimp.beside import astronaut, judge, lay_ready, resident
from tests.gimp.inside.kinds import HEIGHT, TWO, WIDTH
from tests.gimp.roots import NotHereError, Suite, root_of, suites_to_test
from tests.gimp.running import Desk

__all__ = ["judge", "resident"]  # fixtures of both


@pytest.fixture(scope="session", params=suites_to_test(), ids=lambda suite: f"GIMP {suite.gimp}")
def suite(request: pytest.FixtureRequest) -> Suite:
    found: Suite = request.param
    try:
        root_of(found)
    except NotHereError as why:
        pytest.skip(str(why))
    return found


@pytest.fixture(scope="session")
def photo() -> Rgb8:
    """A person, [HEIGHT, WIDTH, 3]."""
    return astronaut(Size(WIDTH, HEIGHT))


@pytest.fixture(scope="session")
def two() -> Rgb8:
    """A person, and a passer-by on the right who is out of focus."""
    width, height = TWO
    pixels = np.full((height, width, 3), (150, 160, 170), np.uint8)
    pixels[:, :height] = astronaut(Size(height, height))
    side = width - height - 20
    passer_by = astronaut(Size(side, side))[:, ::-1]
    pixels[-side:, -side:] = cv2.GaussianBlur(passer_by, (0, 0), 1.5)
    return pixels


@pytest.fixture(scope="module")
def desk(suite: Suite, resident: Live, photo: Rgb8, two: Rgb8, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A GIMP whose plug-in finds the engine, and the photo in the forms that the checks paint. alpha: 0 on the left,
    opaque from the middle on."""
    shared = tmp_path_factory.mktemp("shared")
    lay_ready(shared, photo, np.clip(np.arange(WIDTH) * 4 - 40, 0, 255).astype(np.uint8))
    (shared / "two.rgb").write_bytes(two.tobytes())
    return Desk(root_of(suite), shared, resident.address.parent)
