"""Real GIMPs, and a real engine for them."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from engine.types import Rgb8
from tests.engine.scenes import photo as a_photo
from tests.engine.server.live import Live, live
from tests.gimp.inside.kinds import HEIGHT, TWO, WIDTH
from tests.gimp.judging import Judge
from tests.gimp.roots import NotHereError, Suite, root_of, suites_to_test
from tests.gimp.running import Desk


@pytest.fixture(scope="session", params=suites_to_test(), ids=lambda suite: f"GIMP {suite.gimp}")
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
    return np.asarray(cv2.resize(a_photo("astronaut"), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="session")
def two() -> Rgb8:
    """A person, and a passer-by on the right who is out of focus."""
    width, height = TWO
    pixels = np.full((height, width, 3), (150, 160, 170), np.uint8)
    pixels[:, :height] = cv2.resize(a_photo("astronaut"), (height, height), interpolation=cv2.INTER_AREA)
    side = width - height - 20
    passer_by = cv2.resize(a_photo("astronaut"), (side, side), interpolation=cv2.INTER_AREA)[:, ::-1]
    pixels[-side:, -side:] = cv2.GaussianBlur(passer_by, (0, 0), 1.5)
    return pixels


@pytest.fixture(scope="module")
def desk(suite: Suite, resident: Live, photo: Rgb8, two: Rgb8, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A GIMP whose plug-in finds the engine, and the photo in the forms that the checks paint. alpha: 0 on the left,
    opaque from the middle on."""
    shared = tmp_path_factory.mktemp("shared")
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    alpha = np.tile(np.clip(np.arange(WIDTH) * 4 - 40, 0, 255).astype(np.uint8), (HEIGHT, 1))
    forms = {"rgb": photo, "rgba": np.dstack([photo, alpha]), "grey": grey, "greya": np.dstack([grey, alpha])}
    for name, samples in forms.items():
        (shared / f"photo.{name}").write_bytes(np.asarray(samples).tobytes())
    (shared / "two.rgb").write_bytes(two.tobytes())
    return Desk(root_of(suite), shared, resident.address.parent)


@pytest.fixture(scope="module")
def judge(desk: Desk, resident: Live) -> Judge:
    return Judge(resident, desk.shared)
