"""TensorFlow 1.15.5 for tests, and the graph that stands in for BSHM's. Both are made once for this user, below
~/.cache/bshm-tests/tf1: the environment (1.5 GB) as `./install.sh --tf1` makes it, the graph in three seconds."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from engine.errors import DeviceError
from engine.models.catalogue import find_network
from engine.models.store import Store
from engine.runtimes.tf1.environment import make
from engine.runtimes.tf1.python37 import find_python37

HERE = Path(__file__).parent
CACHE = Path.home() / ".cache/bshm-tests/tf1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that wants TensorFlow 1 waits for it to be fetched: minutes."""
    for item in items:
        if {"tensorflow_1", "stand_in", "converted"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture(scope="session")
def tensorflow_1() -> Path:
    """A Python 3.7 with TensorFlow 1.15.5. Skips, and says why, where there is no Python 3.7 or no connection."""
    folder = CACHE / "environment"
    try:
        make(find_python37(None), folder, lambda *_: None)
    except DeviceError as error:
        pytest.skip(str(error))
    return folder / "bin/python"


@pytest.fixture(scope="session")
def stand_in(tensorflow_1: Path) -> Path:
    """A frozen graph, .pb, with BSHM's inputs and outputs, that mattes as MODNet does (tests/tf1/build.py)."""
    from tests.tf1.modnet import write_plain

    weights = Store().path(find_network("modnet"))
    made_of = [HERE / "build.py", HERE / "modnet.py", weights]
    key = hashlib.sha256(b"".join(hashlib.sha256(each.read_bytes()).digest() for each in made_of)).hexdigest()
    graph = CACHE / f"stand-in-{key[:16]}.pb"
    if not graph.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as name:
            plain, unfinished = Path(name, "modnet.npz"), Path(name, graph.name)
            write_plain(weights, plain)
            words: list[str | Path] = [tensorflow_1, "-I", "-W", "ignore", HERE / "build.py", plain, unfinished]
            quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
            made = subprocess.run(words, capture_output=True, text=True, env=quiet)
            assert made.returncode == 0, made.stderr
            unfinished.replace(graph)
    return graph


@pytest.fixture(scope="session")
def converted(tensorflow_1: Path, stand_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX file of that graph, as `bshm models convert` makes it."""
    from engine.models.converting import convert_graph_file

    made = tmp_path_factory.mktemp("converted") / "bshm.onnx"
    convert_graph_file(find_network("bshm"), stand_in, made, tensorflow_1, False, lambda *_: None)
    return made
