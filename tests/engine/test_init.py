"""The engine as a library: what it gives, and that importing it costs next to nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine as library
from engine.config_file import load_settings
from engine.pictures.decode import decode
from engine.pipeline import Engine
from engine.settings import Limits, Settings


def test_its_names_are_those_of_the_modules() -> None:
    assert library.Engine is Engine
    assert library.Settings is Settings
    assert library.load_settings is load_settings
    assert library.decode is decode


def test_every_name_it_promises_is_there() -> None:
    assert all(getattr(library, name) for name in library.__all__)


def test_a_name_that_it_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'Motor'"):
        _ = library.Motor


def test_importing_it_takes_less_than_150_ms() -> None:
    code = "from time import perf_counter as now\nstart = now()\nimport engine\nprint(now() - start)"
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(seconds) < 0.15


def test_three_lines_cut_somebody_out(engine: Engine, astronaut: bytes) -> None:
    picture = library.decode(astronaut, Limits(), "astronaut.jpg")
    cut = engine.cut_out(picture)
    assert cut.matte.shape == (256, 256)
    assert cut.matte[:, 80:140].mean() > 0.5
    assert cut.matte[:90, 180:].max() < 0.05
