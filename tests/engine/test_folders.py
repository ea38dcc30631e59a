"""The user's folders follow the XDG base directory specification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.folders import cache_folder, config_folder, networks_folder, state_folder

FOLDERS = [
    (config_folder, "XDG_CONFIG_HOME", ".config/bshm", "bshm"),
    (networks_folder, "XDG_DATA_HOME", ".local/share/bshm/networks", "bshm/networks"),
    (cache_folder, "XDG_CACHE_HOME", ".cache/bshm", "bshm"),
    (state_folder, "XDG_STATE_HOME", ".local/state/bshm", "bshm"),
]


@pytest.mark.parametrize(("folder", "variable", "at_home", "below"), FOLDERS)
def test_a_folder_lies_at_home_or_where_its_variable_says(
    folder: Callable[[], Path], variable: str, at_home: str, below: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "家"))
    for ignored in ("", "relative", "./x", "~/x"):
        monkeypatch.setenv(variable, ignored)
        assert folder() == tmp_path / "家" / at_home
    monkeypatch.setenv(variable, str(tmp_path / "别 处"))
    assert folder() == tmp_path / "别 处" / below


@pytest.mark.parametrize(("folder", "variable"), [each[:2] for each in FOLDERS])
def test_without_a_home_folder_it_says_what_to_set(
    folder: Callable[[], Path], variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda uid: {}[uid])  # a user that the system does not know
    with pytest.raises(ConfigError, match=f"home folder is not known. Set HOME or {variable}"):
        folder()
