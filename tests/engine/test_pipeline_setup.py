"""Starting the engine: what it needs, what it refuses, and what it does with permissive networks alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import Engine, Settings
from engine.errors import DeviceError, NetworkError, UsageError
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from tests.engine.scenes import Scene, overlap, photo, picture


@pytest.fixture
def permissive_store(tmp_path: Path) -> Store:
    """A folder with those networks alone whose weights have a permissive licence."""
    for network in NETWORKS.values():
        if network.permissive:
            (tmp_path / network.file).symlink_to(Store().path(network))
    return Store(tmp_path)


def test_the_device_is_said() -> None:
    assert Engine(Settings(threads=1)).device == "CPU, 1 thread"


def test_a_gpu_that_cannot_be_used_is_an_error_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cuda cannot be used"):
        Engine(Settings(device="cuda"), Store(tmp_path))


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network.permissive])
def test_a_missing_network_is_an_error_at_once(permissive_store: Store, name: str) -> None:
    (permissive_store.folder / NETWORKS[name].file).unlink()
    with pytest.raises(NetworkError, match=f"{name}: the network is not installed.*Run: bshm models pull {name}"):
        Engine(Settings(licences="permissive"), permissive_store)


def test_networks_that_are_not_permissive_are_needed_unless_the_settings_say_so(permissive_store: Store) -> None:
    with pytest.raises(NetworkError, match=r"(centernet|rvm): the network is not installed"):
        Engine(Settings(), permissive_store)


def test_a_damaged_network_is_an_error_at_once(permissive_store: Store) -> None:
    damaged = permissive_store.folder / NETWORKS["modnet"].file
    damaged.unlink()
    damaged.write_bytes(b"damaged")
    with pytest.raises(NetworkError, match=r"modnet: the network's file is damaged.*Run: bshm models pull modnet"):
        Engine(Settings(licences="permissive"), permissive_store)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Settings(network="birefnet"), "'birefnet': no such matting network"),
        (Settings(network="rvm", licences="permissive"), "network 'rvm' may not be used: its licence is GPL-3.0"),
    ],
)
def test_a_network_that_cannot_be_used_is_refused_at_once(settings: Settings, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Engine(settings)


def test_permissive_networks_alone_cut_people_out_and_others_need_not_be_there(
    permissive_store: Store, portrait: Scene
) -> None:
    engine = Engine(Settings(licences="permissive"), permissive_store)
    cut = engine.cut_out(picture(portrait.pixels))
    assert {one["network"] for each in cut.report.people for one in each["passes"]} == {"modnet"}
    assert overlap(cut.matte, portrait.truth) > 0.9
    assert not engine.cut_out(picture(photo("coffee"))).matte.any()


def test_a_program_that_forgets_to_close_its_engine_ends() -> None:
    code = (
        "import numpy as np\n"
        "from engine import Engine, Settings\n"
        "engine = Engine(Settings(threads=1))\n"
        "engine.warm_up()\n"
        "print(engine.pulse.runs, len(engine.loaded))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.split() == ["6", "6"]
