from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.log import log_failure, log_file


def fail(subject: str) -> str:
    try:
        return str(int("the cause"))
    except ValueError:
        return log_failure(subject)


def test_the_log_keeps_the_traceback_and_the_user_is_told_where() -> None:
    phrase = fail("照片.jpg")
    assert phrase == f"the log {log_file()} says more"
    text = log_file().read_text(encoding="utf-8")
    assert "照片.jpg" in text
    assert "Traceback" in text
    assert "ValueError: invalid literal for int() with base 10: 'the cause'" in text


def test_names_that_are_no_text_are_logged() -> None:
    fail(os.fsdecode(b"\xff.jpg"))
    assert "\\udcff.jpg" in log_file().read_text(encoding="utf-8")


def test_the_log_is_kept_small() -> None:
    for _ in range(4):
        fail("x" * 600_000)
    assert log_file().with_name("bshm.log.1").exists()
    assert log_file().stat().st_size < 1_000_000


def test_a_log_that_cannot_be_written_is_said_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert "cannot be written" in fail("a.jpg")


def test_a_full_disk_under_the_log_is_said_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    log_file().parent.mkdir(parents=True)
    log_file().symlink_to("/dev/full")
    assert "the log cannot be written: [Errno 28] No space left on device" in fail("a.jpg")


def test_a_home_that_is_not_known_is_said_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", unknown)
    assert "the home folder is not known" in fail("a.jpg")


def test_a_relative_state_folder_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert log_file() == tmp_path / ".local/state/bshm/log/bshm.log"
