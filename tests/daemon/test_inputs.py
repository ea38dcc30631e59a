from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inputs import FileInput, LinkInput, find_inputs, is_picture_name, is_result, read_file, without_user
from engine.errors import NotAPictureError, PictureError, TooLargeError
from engine.settings import Limits

NAMES = {
    "Chinese": "照片.jpg".encode(),
    "spaces": b" a  b .jpg",
    "emoji": "👩‍👧.png".encode(),
    "NFD": "e\u0301.jpg".encode(),
    "leading dash": b"-o.jpg",
    "newline": b"a\nb.jpg",
    "255 bytes": b"n" * 251 + b".jpg",
    "not UTF-8": b"\xff\xfe.jpg",
    "markup": b"[bold]x[red].jpg",
    "like an option and an address": b"--x=http:.jpg",
}


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def found(*words: str | Path, output: Path | None = None) -> list[str]:
    """The paths found for words that are all good."""
    result = find_inputs([str(each) for each in words], output)
    assert result.problems == ()
    return [str(each.path) if isinstance(each, FileInput) else each.address for each in result.inputs]


def problem(word: str) -> str:
    """The sentence for a word that is not."""
    result = find_inputs([word], None)
    assert result.inputs == ()
    (error,) = result.problems
    return str(error)


@pytest.mark.parametrize("raw", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_any_bytes(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(raw)
    path.write_bytes(b"content")
    assert found(path) == [str(path)] == found(tmp_path)
    assert read_file(path, Limits()) == b"content"


def test_folders_are_walked_in_the_order_of_names_and_mirrored(tmp_path: Path) -> None:
    make(tmp_path, "b.jpg", "a.PNG", "sub/deep/c.heic", "sub/d.tif")
    result = find_inputs([str(tmp_path)], None)
    assert [(each.path.name, str(each.below)) for each in result.inputs if isinstance(each, FileInput)] == [
        ("a.PNG", "."),
        ("b.jpg", "."),
        ("d.tif", "sub"),
        ("c.heic", "sub/deep"),
    ]


def test_only_pictures_are_taken_from_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.txt", "sub/b.TXT", "c", ".hidden.jpg", ".git/d.jpg", "e.mp4", "f.report.json")
    assert found(tmp_path) == [str(tmp_path / "a.jpg")]
    assert find_inputs([str(tmp_path)], None).others == {".txt": 2, "": 1, ".mp4": 1}


def test_a_file_that_is_named_is_tried_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "scan", ".hidden.jpg", "photo.dat")
    names = [tmp_path / each for each in ("scan", ".hidden.jpg", "photo.dat")]
    assert found(*names) == [str(each) for each in names]


@pytest.mark.parametrize(
    "kind", ["cutout.png", "matte.png", "composite.jpg", "cutout.webp", "matte.tiff", "CUTOUT.PNG"]
)
def test_results_of_earlier_runs_are_left_out(kind: str, tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", f"a.{kind}", f"sub/a.{kind}")
    assert found(tmp_path) == [str(tmp_path / "a.jpg")]
    assert find_inputs([str(tmp_path / f"a.{kind}")], None).results == 1
    assert is_result(f"a.{kind}")


@pytest.mark.parametrize("name", ["a.png", "cutout.png", "matte.jpg", "a.cutout", "my.cutout.of.b.png", ".matte.png"])
def test_other_names_are_no_results(name: str) -> None:
    assert not is_result(name)


def test_the_output_folder_is_not_walked(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "out/b.jpg", "in/out/c.jpg")
    assert found(tmp_path, output=tmp_path / "out") == [str(tmp_path / "a.jpg"), str(tmp_path / "in/out/c.jpg")]
    (tmp_path / "link").symlink_to("out")
    assert found(tmp_path, output=tmp_path / "link") == [str(tmp_path / "a.jpg"), str(tmp_path / "in/out/c.jpg")]


def test_a_folder_that_is_its_own_output_is_walked(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.cutout.png")
    assert found(tmp_path, output=tmp_path) == [str(tmp_path / "a.jpg")]


def test_links_that_lead_back_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path, "sub/a.jpg")
    (tmp_path / "sub/up").symlink_to("..")
    (tmp_path / "sub/self").symlink_to(".")
    assert found(tmp_path) == [str(tmp_path / "sub/a.jpg")]


def test_a_linked_folder_and_a_linked_file_are_followed(tmp_path: Path) -> None:
    make(tmp_path, "elsewhere/a.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/folder").symlink_to("../elsewhere")
    (tmp_path / "in/b.jpg").symlink_to("../elsewhere/a.jpg")
    assert found(tmp_path / "in") == [str(tmp_path / "in/b.jpg"), str(tmp_path / "in/folder/a.jpg")]


def test_a_file_that_is_named_twice_is_taken_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.jpg", "sub/b.jpg")
    monkeypatch.chdir(tmp_path)
    assert found("a.jpg", "./a.jpg", tmp_path / "a.jpg", "sub/../a.jpg", ".") == ["a.jpg", "sub/b.jpg"]


def test_addresses_are_told_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_inputs(["https://example.org/a.jpg"], None).inputs == (LinkInput("https://example.org/a.jpg"),)
    monkeypatch.chdir(tmp_path)
    make(tmp_path, "http:/local/a.jpg")
    assert found("http://local/a.jpg") == ["http:/local/a.jpg"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:secret@example.org/a.jpg?w=3", "https://example.org/a.jpg?w=3"),
        ("https://us@er:sec@ret@example.org/@me/a.jpg", "https://example.org/@me/a.jpg"),
        ("HTTP://secret@[::1]:80", "HTTP://[::1]:80"),
        ("https://example.org/@me", "https://example.org/@me"),
    ],
)
def test_a_user_and_password_are_not_shown(address: str, shown: str) -> None:
    assert without_user(address) == shown


class TestWhatNoPictureCanComeFrom:
    def test_missing(self, tmp_path: Path) -> None:
        assert problem(str(tmp_path / "no.jpg")) == f"{tmp_path}/no.jpg: cannot be read: no such file or directory."

    def test_nothing(self) -> None:
        assert problem("") == "'': cannot be read: no such file or directory."

    def test_a_name_that_no_system_has(self) -> None:
        assert "null" in problem("a\0b.jpg")
        assert problem("n" * 300).endswith("file name too long.")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        make(tmp_path, "a.txt")
        assert problem(str(tmp_path)) == f"{tmp_path}: no pictures in this folder."

    @pytest.mark.parametrize("how", ["named", "walked"])
    def test_a_pipe_is_not_waited_for(self, how: str, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "a.jpg")
        assert "it is a named pipe" in problem(str(tmp_path / "a.jpg" if how == "named" else tmp_path))
        with pytest.raises(NotAPictureError, match="it is a named pipe"):
            read_file(tmp_path / "a.jpg", Limits())

    def test_a_socket(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)  # a socket's path has at most 107 bytes
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("a.jpg")
            assert "it is a socket" in problem("a.jpg")

    @pytest.mark.parametrize("device", ["/dev/zero", "/dev/tty", "/dev/full"])
    def test_a_device(self, device: str) -> None:
        assert "it is a device" in problem(device)

    def test_links_to_nowhere_and_to_each_other(self, tmp_path: Path) -> None:
        (tmp_path / "gone.jpg").symlink_to("nowhere")
        (tmp_path / "loop.jpg").symlink_to("loop.jpg")
        for word in ("gone.jpg", "loop.jpg"):
            assert "cannot be read" in problem(str(tmp_path / word))
        assert len(find_inputs([str(tmp_path)], None).problems) == 2

    def test_a_folder_that_may_not_be_read(
        self, tmp_path: Path, without_rights: Callable[[Path], AbstractContextManager[None]]
    ) -> None:
        make(tmp_path, "closed/a.jpg")
        (tmp_path / "closed").chmod(0)
        with without_rights(tmp_path.parent):
            assert "permission denied" in problem(str(tmp_path / "closed"))


def test_a_bad_word_does_not_stop_the_others(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    result = find_inputs([str(tmp_path / "no.jpg"), str(tmp_path / "a.jpg")], None)
    assert len(result.inputs) == len(result.problems) == 1


class TestReading:
    def test_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").touch()
        with pytest.raises(NotAPictureError, match=r"a\.jpg: the file is empty\. Copy or download it again\."):
            read_file(tmp_path / "a.jpg", Limits())

    def test_a_file_past_the_limit_is_refused_unread(self, tmp_path: Path) -> None:
        with (tmp_path / "a.jpg").open("wb") as stream:
            stream.truncate(2**40)  # no memory has room for it
        with pytest.raises(TooLargeError, match=r"the file has 1099511\.6 MB: the limit is 512\. Raise"):
            read_file(tmp_path / "a.jpg", Limits())

    def test_the_limit_itself_is_allowed(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"x" * 1000)
        assert len(read_file(tmp_path / "a.jpg", Limits(megabytes=0.001))) == 1000
        with pytest.raises(TooLargeError):
            read_file(tmp_path / "a.jpg", Limits(megabytes=0.000999))

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(NotAPictureError, match="it is a folder"):
            read_file(tmp_path, Limits())

    def test_a_file_that_went_away(self, tmp_path: Path) -> None:
        with pytest.raises(PictureError, match="no such file"):
            read_file(tmp_path / "a.jpg", Limits())


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_what_this_program_writes_it_never_takes(base: str) -> None:
    assert not is_picture_name(f"{base}.cutout.png")
