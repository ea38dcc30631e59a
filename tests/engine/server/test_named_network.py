"""The engine, asked for a network that was not loaded at its start; TensorFlow 1 is a grandchild of its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.client import Client
from engine.client.asked import Asked
from engine.models.catalogue import NETWORKS
from engine.models.store import Store


@pytest.fixture
def resident(
    short: Path, tmp_path: Path, tensorflow_1: Path, stand_in: Path
) -> Iterator[tuple[Client, psutil.Process]]:
    """An engine with BSHM's stand-in in its store, and its process."""
    store = Store(tmp_path / "bshm/networks")
    store.accept(NETWORKS["bshm"], "bshm.pb", stand_in, "the tests")
    for each in NETWORKS.values():
        if each.default:
            (store.folder / each.file).symlink_to(Store().path(each))
    config = tmp_path / "config.yaml"
    config.write_text(f"device: cpu\nengine: {{socket: {short}/engine.sock}}\ntf1: {{python: {tensorflow_1}}}\n")
    variables = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    command = [sys.executable, "-m", "daemon", "--config", str(config), "engine"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield Client(short / "engine.sock", timeout=60), psutil.Process(process.pid)
        process.terminate()


def wait_for_engine(client: Client) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            if client.status()["state"] == "ready":
                return
        except Exception:
            if time.monotonic() > until:
                raise
        time.sleep(0.1)


def tensorflows(engine: psutil.Process) -> list[psutil.Process]:
    return [each for each in engine.children(recursive=True) if any("tf1/worker.py" in word for word in each.cmdline())]


def test_it_is_loaded_and_shown_and_ends_with_the_engine(
    resident: tuple[Client, psutil.Process], astronaut: bytes
) -> None:
    client, engine = resident
    wait_for_engine(client)
    assert "bshm" not in client.status()["networks"]
    answer = client.cut_out(astronaut, Asked(want=("matte",), network="bshm"))
    assert "bshm on CPU, TensorFlow 1.15.5" in answer.report["device"]
    time.sleep(2.5)  # the worker tells of itself every second
    status = client.status()
    assert "bshm" in status["networks"]
    assert "TensorFlow 1.15.5" in status["device"]
    (process,) = tensorflows(engine)
    engine.kill()
    process.wait(10)
