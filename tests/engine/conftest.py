"""What the tests of several stages share: the networks, a person of known alpha, and cut-outs that take long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engine.types import CutOut, Size
from tests.engine.scenes import Scene, Spot, filling, photo, picture, scene, surface

if TYPE_CHECKING:
    from engine import Engine
    from engine.networks import Networks


@pytest.fixture(scope="session")
def networks() -> Networks:
    """The networks of the user's store, each loaded when it is first used."""
    from engine import Settings
    from engine.models.store import Store
    from engine.networks import Networks
    from engine.runtimes.opening import open_runtime

    return Networks(open_runtime(Settings()), Store(), Settings())


@pytest.fixture(scope="session")
def collins(engine: Engine) -> CutOut:
    """Eileen Collins, cut from her photo of 512 x 512 pixels: the person of the scenes."""
    return engine.cut_out(picture(photo("astronaut")))


@pytest.fixture(scope="session")
def portrait(collins: CutOut) -> Scene:
    """One person before a brick wall."""
    return scene(surface("brick", Size(420, 320)), collins, Spot(240, 130, 80))


@pytest.fixture(scope="session")
def portrait_cut(engine: Engine, portrait: Scene) -> CutOut:
    return engine.cut_out(picture(portrait.pixels))


@pytest.fixture(scope="session")
def distant(collins: CutOut) -> Scene:
    """One person of 120 pixels in a picture of 1600 x 1200."""
    return scene(filling(photo("rocket"), Size(1600, 1200)), collins, Spot(120, 700, 600))


@pytest.fixture(scope="session")
def group(collins: CutOut) -> Scene:
    """Three people beside one another, with some wall between them."""
    return scene(surface("brick", Size(720, 260)), collins, Spot(215, 5, 45), Spot(230, 238, 30), Spot(210, 488, 50))


@pytest.fixture(scope="session")
def group_cut(engine: Engine, group: Scene) -> CutOut:
    return engine.cut_out(picture(group.pixels))
