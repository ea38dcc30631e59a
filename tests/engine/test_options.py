"""What a request may ask for, and what an engine needs before it starts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engine.errors import NetworkError, UsageError
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from engine.pictures.decode import decode
from engine.pipeline import Engine
from engine.settings import Limits, Settings
from engine.types import Options, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence


def store_without(names: Sequence[str], folder: Path) -> Store:
    """The user's networks but these."""
    for network in (each for each in NETWORKS.values() if each.default):
        if network.name not in names:
            shutil.copy(Store().path(network), folder / network.file)
    return Store(folder)


def with_alpha(astronaut: bytes, alpha: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> Picture:
    picture = decode(astronaut, Limits())
    return Picture(picture.pixels, alpha, None, None, picture.source)


@pytest.mark.parametrize("people", ["fred", "", 0, -1])
def test_people_that_nobody_knows_are_refused(engine: Engine, astronaut: bytes, people: str | int) -> None:
    with pytest.raises(UsageError, match="auto, all, largest"):
        engine.cut_out(decode(astronaut, Limits()), Options(people=people))


def test_what_a_user_erased_stays_erased(engine: Engine, astronaut: bytes) -> None:
    alpha = np.full((256, 256), 255, np.uint8)
    alpha[:, :128] = 0
    cut = engine.cut_out(with_alpha(astronaut, alpha))
    assert not cut.matte[:, :128].any()
    assert not cut.foreground[:, :128].any()
    assert cut.matte[:, 128:].any()


def test_a_binary_matte_is_binary_for_pictures_with_soft_alpha(engine: Engine, astronaut: bytes) -> None:
    alpha = np.tile(np.linspace(0, 255, 256).astype(np.uint8), (256, 1))
    cut = engine.cut_out(with_alpha(astronaut, alpha), Options(edge="crisp"))
    assert set(np.unique(cut.matte)) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["centernet", "nanodet", "rvm", "modnet", "span"])
def test_a_missing_network_is_found_before_any_picture(name: str, tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=f"bshm models pull {name}"):
        Engine(Settings(), store_without([name], tmp_path))


@pytest.mark.parametrize(
    ("settings", "missing"),
    [(Settings(network="rvm"), ["modnet"]), (Settings(licences="permissive"), ["rvm", "centernet"])],
)
def test_a_network_that_is_not_needed_may_be_missing(settings: Settings, missing: list[str], tmp_path: Path) -> None:
    Engine(settings, store_without(missing, tmp_path))


def test_without_options_the_settings_hold(astronaut: bytes) -> None:
    only_rvm = Engine(Settings(network="rvm")).cut_out(decode(astronaut, Limits()))
    assert {each["network"] for person in only_rvm.report.people for each in person["passes"]} == {"rvm"}
