"""`bshm gimp install`, `uninstall` and `status`, for real folders below a home of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.commands import main
from daemon.gimp.installing import RECORD
from tests.daemon.gimp.homes import Home

Gimp = Callable[..., tuple[int, str]]


@pytest.fixture
def gimp(user: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gimp:
    """Runs it; gives the exit code and what was said on standard output."""
    monkeypatch.delenv("BSHM_SOCKET")

    def run(*words: str) -> tuple[int, str]:
        code = main([*words[:-1], "gimp", words[-1]])
        captured = capsys.readouterr()
        assert captured.err == ""
        return code, captured.out

    return run


def test_it_is_put_into_every_gimp_and_taken_away_again(user: Home, gimp: Gimp) -> None:
    folders = [user.settings(series) / "plug-ins/bshm-cut-out" for series in ("2.10", "3.0", "3.2")]
    code, said = gimp("status")
    assert (code, said.count("plug-in not installed; `bshm gimp install` does it")) == (0, 3)
    code, said = gimp("install")
    assert code == 0
    for folder, series in zip(folders, ("2.10", "3.0", "3.2"), strict=True):
        assert f"ok    GIMP {series:<5}its settings alone were found: installed, {folder}\n" in said
        assert (folder / "bshm-cut-out.py").stat().st_mode & 0o111 == 0o111
    code, said = gimp("status")
    assert (code, said.count("is up to date")) == (0, 3)
    code, said = gimp("uninstall")
    assert (code, said.count(": removed")) == (0, 3)
    assert [folder for folder in folders if folder.exists()] == []


def test_what_it_writes_down_runs_this_program(user: Home, gimp: Gimp, tmp_path: Path) -> None:
    folder = user.settings("3.0") / "plug-ins/bshm-cut-out"
    gimp("install")
    written = json.loads((folder / RECORD).read_text())
    assert Path(written["command"][0]).parent == Path(sys.executable).parent
    assert written["socket"] is None  # the usual place, wherever that is when GIMP runs

    config = tmp_path / "other.yaml"
    config.write_text("engine:\n  socket: /run/mine.sock\n")
    assert "WRONG GIMP 3.0" in gimp("--config", str(config), "status")[1]
    assert gimp("--config", str(config), "install")[0] == 0
    written = json.loads((folder / RECORD).read_text())
    assert written["command"][-2:] == ["--config", str(config)]
    assert written["socket"] == "/run/mine.sock"
    assert gimp("--config", str(config), "status")[0] == 0
    code, said = gimp("status")
    assert code == 1
    assert "Run: bshm gimp install" in said


def test_an_older_one_is_seen_and_replaced(user: Home, gimp: Gimp) -> None:
    folder = user.settings("3.0") / "plug-ins/bshm-cut-out"
    gimp("install")
    (folder / "bshm-cut-out.py").write_text("older")
    code, said = gimp("status")
    assert code == 1
    assert f"{folder} is not this version's" in said
    assert gimp("install")[0] == 0
    assert gimp("status")[0] == 0


def test_where_no_gimp_is_it_is_said(gimp: Gimp) -> None:
    code, said = gimp("install")
    assert code == 1
    assert "no GIMP was found" in said
    assert gimp("status")[0] == 0
    assert gimp("uninstall") == (0, "")


def test_one_that_was_never_started_is_left_to_make_its_settings_itself(user: Home, gimp: Gimp) -> None:
    """It takes over what an older version has only where there is no folder yet."""
    program = user.gimp("gimp", "3.0.4")
    code, said = gimp("install")
    assert code == 1
    assert f"{program}: not installed" in said
    assert "Start it once, then run: bshm gimp install." in said
    assert not user.config.exists()
    assert gimp("uninstall")[0] == 0


def test_others_are_served_where_one_cannot_be(user: Home, gimp: Gimp) -> None:
    theirs = user.settings("3.0") / "plug-ins/bshm-cut-out"
    theirs.mkdir(parents=True)
    ours = user.settings("3.2") / "plug-ins/bshm-cut-out"
    user.gimp("gimp-2.8", "2.8.22")
    code, said = gimp("install")
    assert code == 1
    assert f"{theirs}: left alone: it was not put there by `bshm gimp install`." in said
    assert "The plug-in is for GIMP 2.10 and for GIMP 3." in said
    assert (ours / RECORD).exists()
    code, said = gimp("uninstall")
    assert code == 1
    assert theirs.exists()
    assert not ours.exists()


def test_it_is_taken_away_also_where_the_config_file_is_wrong(user: Home, gimp: Gimp, tmp_path: Path) -> None:
    folder = user.settings("3.0") / "plug-ins/bshm-cut-out"
    gimp("install")
    (tmp_path / "wrong.yaml").write_text("no: such key\n")
    assert gimp("--config", str(tmp_path / "wrong.yaml"), "uninstall")[0] == 0
    assert not folder.exists()
