from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.outputs import DiskFullError
from daemon.watch.job import Output
from daemon.watch.publish import (
    MissingError,
    TakenError,
    discard,
    put_in_place,
    settle_folders,
    take_back,
    temporary,
    write_temporary,
)
from engine.errors import OutputError

TICKET = "cafe-1"
STRANGE = os.fsdecode(b"caf\xe9.png")


def prepared(folder: Path, name: str = "a.png", kind: str = "matte", *, replaces: bool = False) -> Output:
    """A result that is whole and has yet to get its name."""
    inode = write_temporary(temporary(TICKET, folder, kind), kind.encode())
    return Output(kind, folder / name, inode, replaces)


def files(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_an_unfinished_file_is_hidden_and_no_picture() -> None:
    assert temporary(TICKET, Path("/x"), "matte") == Path("/x/.bshm-cafe-1-matte.part")


def test_a_temporary_file_is_whole_and_known_by_its_inode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / ".x.part"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"what an earlier try left, which was longer")
    assert write_temporary(path, b"data") == path.stat().st_ino
    assert path.read_bytes() == b"data"


def test_an_earlier_try_that_has_its_name_by_now_is_not_written_into(tmp_path: Path) -> None:
    """A crash may have left one file under both names."""
    output = prepared(tmp_path)
    os.link(temporary(TICKET, tmp_path, "matte"), output.path)
    write_temporary(temporary(TICKET, tmp_path, "matte"), b"another")
    assert output.path.read_bytes() == b"matte"


def test_a_full_disk_leaves_no_temporary_file(
    tmp_path: Path, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with small_disk(tmp_path):
        with pytest.raises(DiskFullError):
            write_temporary(tmp_path / ".x.part", bytes(100_000))
        assert files(tmp_path) == {}


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="there is a file where a folder is needed"):
        write_temporary(tmp_path / "file" / ".x.part", b"data")
    with pytest.raises(OutputError):
        settle_folders([tmp_path / "never made" / "a.png"])


def test_all_results_get_their_names_and_nothing_else_is_left(tmp_path: Path) -> None:
    outputs = [prepared(tmp_path, "a.matte.png"), prepared(tmp_path, "a.cutout.png", "cutout")]
    for _ in range(2):  # whatever is done already can be done again
        put_in_place(outputs, TICKET)
        assert files(tmp_path) == {"a.matte.png": b"matte", "a.cutout.png": b"cutout"}


def test_a_result_never_takes_the_place_of_a_file_that_came_meanwhile(tmp_path: Path) -> None:
    output = prepared(tmp_path, STRANGE)
    output.path.write_bytes(b"somebody's own")
    with pytest.raises(TakenError, match="exists already: it came while") as caught:
        put_in_place([output], TICKET)
    str(caught.value).encode()  # can be printed
    assert output.path.read_bytes() == b"somebody's own"
    assert temporary(TICKET, tmp_path, "matte").exists()


def test_it_does_where_that_is_wanted_but_not_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"an older one")
    put_in_place([prepared(tmp_path, replaces=True)], TICKET)
    assert files(tmp_path) == {"a.png": b"matte"}
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="there is a folder of that name"):
        put_in_place([prepared(tmp_path, "folder.png", replaces=True)], TICKET)


@pytest.mark.parametrize("instead", [None, b"another file"])
def test_a_result_that_somebody_took_away_is_missed(tmp_path: Path, instead: bytes | None) -> None:
    output = prepared(tmp_path, STRANGE)
    if instead:
        output.path.write_bytes(instead)
    temporary(TICKET, tmp_path, "matte").unlink()
    with pytest.raises(MissingError, match="somebody took it away") as caught:
        put_in_place([output], TICKET)
    str(caught.value).encode()


@given(done=st.lists(st.sampled_from(["no", "both names", "yes"]), min_size=1, max_size=3), replaces=st.booleans())
def test_wherever_a_crash_came_the_rest_is_done(
    tmp_path_factory: pytest.TempPathFactory, done: list[str], replaces: bool
) -> None:
    folder = tmp_path_factory.mktemp("out")
    kinds = ["matte", "cutout", "report"][: len(done)]
    outputs = [prepared(folder, f"a.{kind}", kind, replaces=replaces) for kind in kinds]
    for how, output in zip(done, outputs, strict=True):
        part = temporary(TICKET, folder, output.kind)
        if how != "no":
            os.link(part, output.path)
        if how == "yes":
            part.unlink()
    put_in_place(outputs, TICKET)
    assert files(folder) == {f"a.{kind}": kind.encode() for kind in kinds}


@given(done=st.lists(st.sampled_from(["no", "both names", "yes"]), min_size=1, max_size=3))
def test_wherever_it_was_broken_off_all_of_it_can_be_taken_back(
    tmp_path_factory: pytest.TempPathFactory, done: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    (folder / "other").write_bytes(b"somebody's own")
    outputs = [prepared(folder, f"a.{number}", str(number)) for number in range(len(done))]
    for how, output in zip(done, outputs, strict=True):
        part = temporary(TICKET, folder, output.kind)
        if how != "no":
            os.link(part, output.path)
        if how == "yes":
            part.unlink()
    for _ in range(2):
        take_back(outputs, TICKET)
        assert files(folder) == {"other": b"somebody's own"}


def test_nobody_elses_file_is_taken_back(tmp_path: Path) -> None:
    output = prepared(tmp_path)
    output.path.write_bytes(b"somebody's own")
    take_back([output], TICKET)
    assert files(tmp_path) == {"a.png": b"somebody's own"}


def test_what_cannot_be_discarded_is_left(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    discard([tmp_path / "never there", tmp_path / "folder", tmp_path / "file"])
    assert files(tmp_path / "folder") == {}
    assert not (tmp_path / "file").exists()


def test_a_folder_without_rights_is_an_output_error(
    tmp_path_factory: pytest.TempPathFactory, without_rights: Callable[[Path], AbstractContextManager[None]]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    output = prepared(folder)
    with without_rights(folder):
        for each in (put_in_place, take_back):
            with pytest.raises(OutputError):
                each([output], TICKET)
    put_in_place([output], TICKET)
    assert files(folder) == {"a.png": b"matte"}
