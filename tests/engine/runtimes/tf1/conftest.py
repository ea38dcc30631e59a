"""What tests of TensorFlow 1's process share: graphs for it, and the process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.runtimes.tf1.process import Tf1Process


@pytest.fixture(scope="session")
def graphs(tensorflow_1: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of tests.engine.runtimes.tf1.graphs."""
    folder = tmp_path_factory.mktemp("graphs")
    script = Path(__file__).with_name("graphs.py")
    made = subprocess.run([tensorflow_1, "-I", "-W", "ignore", script, folder], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def start(tensorflow_1: Path) -> Iterator[Callable[..., Tf1Process]]:
    """Tf1Process(graph, ...) on the CPU, closed after the test."""
    with ExitStack() as stack:

        def started(graph: Path, python: Path = tensorflow_1, device: str = "cpu", **others: Any) -> Tf1Process:
            return stack.enter_context(Tf1Process(python, graph, device=device, fraction=0.9, growth=True, **others))

        yield started


@pytest.fixture(scope="module")
def red(tensorflow_1: Path, graphs: Path) -> Iterator[Tf1Process]:
    """One process with red.pb for tests that leave it as it is."""
    with Tf1Process(tensorflow_1, graphs / "red.pb", device="cpu", fraction=0.9, growth=True) as process:
        yield process


@pytest.fixture
def start_red(start: Callable[..., Tf1Process], graphs: Path) -> Callable[..., Tf1Process]:
    """A process with red.pb for a test that ends it."""
    return partial(start, graphs / "red.pb")
