"""Holds for every test; and what many share: one engine, since loading networks takes a second, a photo, and a
place for a socket."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from engine import Engine

# As engine.runtimes.onnx does, for the tests that import ONNX Runtime themselves, maybe before that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

# TensorFlow 1 and the graph for it, for whoever asks for them.
pytest_plugins = ["tests.tf1.fixtures"]

# The same examples in every run, and no test fails because the machine is busy.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real engine with the networks of the user's store (`bshm models pull`)."""
    from engine import Engine, Settings

    return Engine(Settings())


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """Eileen Collins, 256 x 256 pixels, as a JPEG file (NASA, public domain; from scikit-image's package data)."""
    from PIL import Image
    from skimage import data

    stream = io.BytesIO()
    Image.fromarray(data.astronaut()).resize((256, 256)).save(stream, "JPEG", quality=92)
    return stream.getvalue()


@pytest.fixture
def address() -> Iterator[Path]:
    """A path for a socket; tmp_path may be longer than the 107 bytes that one can have (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="bshm"))
    yield folder / "engine.sock"
    shutil.rmtree(folder)
