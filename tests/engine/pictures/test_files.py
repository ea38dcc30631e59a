"""Files are named by paths; what is none is never waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import PictureError
from engine.pictures.files import path_of, read_file
from engine.settings import Limits


def test_all_bytes_of_a_file_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    assert read_file(tmp_path / "a", Limits(), "a") == b"content"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "a: cannot be read: no such file or directory."),
        (os.mkfifo, "a: not a picture: it is a named pipe."),
        (os.mkdir, "a: not a picture: it is a folder."),
        (lambda path: path.symlink_to("/dev/zero"), "a: not a picture: it is a device."),
        (lambda path: path.symlink_to(path), "a: cannot be read: too many levels of symbolic links."),
        (Path.touch, "a: the file is empty. Copy or download it again."),
    ],
    ids=["nothing", "pipe", "folder", "device", "circle", "empty"],
)
def test_what_is_no_file_is_a_sentence_at_once(make: Callable[[Path], object], sentence: str, tmp_path: Path) -> None:
    make(tmp_path / "a")
    with pytest.raises(PictureError) as caught:
        read_file(tmp_path / "a", Limits(), "a")
    assert str(caught.value) == sentence


def test_a_path_with_a_nul_is_a_sentence_too() -> None:
    with pytest.raises(PictureError, match="a: cannot be read: embedded null byte"):
        read_file(Path("a\0"), Limits(), "a")


def test_a_setting_may_name_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert path_of("~/beach.jpg") == Path("/somewhere/beach.jpg")
    assert path_of("beach.jpg") == Path("beach.jpg")
    assert path_of("~nobody-of-this-name/beach.jpg") == Path("~nobody-of-this-name/beach.jpg")
