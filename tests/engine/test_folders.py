"""The user's folders follow the XDG base directory specification."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.folders import cache_folder, config_folder, named_folder, networks_folder, state_folder

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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/照 片/../in/", "/照 片/../in"),
        ("~", "HOME"),
        ("~/BSHM2/in", "HOME/BSHM2/in"),
        ("~/a/~/b", "HOME/a/~/b"),
        ("~root/in", f"{Path('~root').expanduser()}/in"),
        ("~/BSHM", "HOME/BSHM"),
        ("~/BSHM/in", "HOME/BSHM/in"),
    ],
)
def test_the_folder_that_a_setting_names(
    text: str, wanted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("BSHM_HOME", raising=False)
    assert named_folder(text) == Path(wanted.replace("HOME", str(tmp_path)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("~/BSHM", "/媒体/人"),
        ("~//BSHM/in", "/媒体/人/in"),
        ("~/BSHM2/in", "HOME/BSHM2/in"),
        ("/BSHM/in", "/BSHM/in"),
        ("~/in/BSHM", "HOME/in/BSHM"),
    ],
)
def test_the_project_has_a_home_of_its_own(
    text: str, wanted: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BSHM_HOME", "/媒体/人")
    assert named_folder(text) == Path(wanted.replace("HOME", str(tmp_path)))


def test_a_relative_home_of_the_project_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSHM_HOME", "BSHM")
    with pytest.raises(ConfigError, match="BSHM_HOME is 'BSHM', and not a path that begins with /"):
        named_folder("~/BSHM/in")


@pytest.mark.parametrize(
    ("text", "why"), [("~no-such-user/in", "there is no user 'no-such-user'"), ("~/in", "the home folder is not known")]
)
def test_where_there_is_no_home_it_says_so(text: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", lambda uid: {}[uid])
    with pytest.raises(ConfigError, match=f"{text}: no such folder: {why}"):
        named_folder(text)
