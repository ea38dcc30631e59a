"""A plug-in's folder, and a place for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.gimp.installing import NAME


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A plug-in's folder as it is in the project: with what is no part of it."""
    folder = tmp_path / "source" / NAME
    for name in (
        "bshm-cut-out.py",
        "parts/a.py",
        "locale/zh/x.mo",
        "locale/zh/x.po",
        "parts/__pycache__/a.pyc",
        "b.pyc",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "bshm-cut-out.py").chmod(0o700)
    (folder / "parts/a.py").chmod(0o600)
    return folder


@pytest.fixture
def plug_ins(tmp_path: Path) -> Path:
    """Of a GIMP that was started, but which has no plug-ins yet."""
    (tmp_path / "gimp").mkdir()
    return tmp_path / "gimp/plug-ins"
