"""BSHM asked for by its name: the graph in TensorFlow 1, the file that was converted, and what the report says."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine import Engine, Settings
from engine.errors import UsageError
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from engine.pictures.decode import decode
from engine.settings import Limits, Tf1
from engine.types import CutOut, Options, Picture


@pytest.fixture(scope="module")
def with_graph(tmp_path_factory: pytest.TempPathFactory, stand_in: Path) -> Store:
    """The user's networks, and the graph that stands in for BSHM's."""
    store = Store(tmp_path_factory.mktemp("store"))
    for each in NETWORKS.values():
        if each.default:
            (store.folder / each.file).symlink_to(Store().path(each))
    store.accept(NETWORKS["bshm"], "bshm.pb", stand_in, "the tests")
    return store


@pytest.fixture(scope="module")
def bshm(with_graph: Store, tensorflow_1: Path) -> Iterator[Engine]:
    settings = Settings(device="cpu", network="bshm", tf1=Tf1(python=str(tensorflow_1)))
    engine = Engine(settings, with_graph)
    yield engine
    engine.close()


@pytest.fixture
def photo(astronaut: bytes) -> Picture:
    return decode(astronaut, Limits(), "astronaut.jpg")


def overlap(one: CutOut, other: CutOut) -> float:
    """IoU."""
    a, b = one.matte > 0.5, other.matte > 0.5
    return float((a & b).sum() / (a | b).sum())


def test_its_graph_mattes_in_tensorflow_1(bshm: Engine, engine: Engine, photo: Picture) -> None:
    made = bshm.cut_out(photo)
    assert overlap(made, engine.cut_out(photo, Options(network="modnet"))) > 0.95  # whose weights the stand-in has
    assert {one["network"] for person in made.report.people for one in person["passes"]} == {"bshm"}


def test_the_report_says_what_ran_it(bshm: Engine, photo: Picture) -> None:
    assert "bshm on CPU, TensorFlow 1.15.5" in bshm.cut_out(photo).report.device


def test_after_its_process_was_killed_the_next_picture_is_as_ever(bshm: Engine, photo: Picture) -> None:
    before = bshm.cut_out(photo)
    (process,) = (each for each in psutil.Process().children() if any("tf1" in word for word in each.cmdline()))
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    assert np.array_equal(bshm.cut_out(photo).matte, before.matte)


def test_auto_leaves_it_alone(with_graph: Store, tensorflow_1: Path, photo: Picture) -> None:
    """Nothing says yet that it is better than what is there (engine.routes.TRUSTED)."""
    engine = Engine(Settings(device="cpu", tf1=Tf1(python=str(tensorflow_1))), with_graph)
    made = engine.cut_out(photo)
    assert "bshm" not in {one["network"] for person in made.report.people for one in person["passes"]}
    assert "bshm" not in engine.loaded
    engine.close()


def test_where_it_is_not_installed_it_cannot_be_asked_for(engine: Engine, photo: Picture, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="network 'bshm' is not installed"):
        Engine(Settings(network="bshm"), Store(tmp_path))
