"""A place of its own for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.install.place import ROOT, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    here = Place(tmp_path / "路 径" / "bshm cut out", tmp_path / "家 目录")
    here.home.mkdir()
    for name in ("install.sh", "config.yaml", "pyproject.toml", "requirements.lock", "docs/images/astronaut.jpg"):
        (here.project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, here.project / name)
    return here
