from __future__ import annotations

from pathlib import Path

import pytest

from tests.daemon.gimp.homes import Home


@pytest.fixture
def user(home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Whoever runs the program: their home and variables are this process's."""
    one = Home(home)
    for name in ("GIMP2_DIRECTORY", "GIMP3_DIRECTORY", "FLATPAK_USER_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, text in one.environment.items():
        monkeypatch.setenv(name, text)
    return one
