from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.outputs import DiskFullError
from daemon.watch.dropping import drop, what_came
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import State
from daemon.watch.ledger import Ledger
from daemon.watch.scan import Unreadable, scan
from engine.errors import OutputError, PictureError, UsageError
from tests.daemon.watch.hot import file, hot_folder, with_rights
from tests.daemon.watch.jobs import dropped


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    (tmp_path / "in").mkdir()
    return hot_folder(tmp_path / "in")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(b"photo")
    return path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "state" / "ledger")) as one:
        yield one


def names(folder: HotFolder) -> list[str]:
    """What a scan takes from it."""
    return sorted(each.name for each in scan(folder) if not isinstance(each, Unreadable))


def test_a_photo_is_copied_and_stays_where_it_was(folder: HotFolder, photo: Path) -> None:
    assert drop(photo, folder) == photo.name
    assert (folder.watch / photo.name).read_bytes() == photo.read_bytes() == b"photo"
    assert os.listdir(folder.watch) == names(folder) == [photo.name]  # noqa: PTH208


def test_a_name_that_is_taken_gets_a_number(folder: HotFolder, photo: Path) -> None:
    base = photo.stem
    assert [drop(photo, folder) for _ in range(3)] == [f"{base}.jpg", f"{base}-2.jpg", f"{base}-3.jpg"]
    assert len(names(folder)) == 3


def test_a_link_that_has_the_name_is_not_followed(folder: HotFolder, photo: Path) -> None:
    other = file(folder, "../other.jpg", b"somebody's own")
    (folder.watch / photo.name).symlink_to(other)
    assert drop(photo, folder) == f"{photo.stem}-2.jpg"
    assert other.read_bytes() == b"somebody's own"


def test_the_longest_names_can_be_dropped_again(folder: HotFolder, tmp_path: Path) -> None:
    photo = tmp_path / f"{'é' * 125}.jpg"
    photo.touch()
    assert len({drop(photo, folder) for _ in range(3)}) == len(names(folder)) == 3


@pytest.mark.parametrize("name", ["notes.txt", ".hidden.jpg", "photo.jpg.part", "photo.png"])
def test_what_the_folder_would_not_take_is_refused(folder: HotFolder, tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="takes no file of this name"):
        drop(tmp_path / name, replace(folder, patterns=("*.jpg",)))
    assert names(folder) == []


def test_a_photo_that_is_not_there_or_is_a_folder_is_a_sentence(folder: HotFolder, tmp_path: Path) -> None:
    (tmp_path / "folder.jpg").mkdir()
    for name in ("never there.jpg", "folder.jpg"):
        with pytest.raises(PictureError, match=name):
            drop(tmp_path / name, folder)
    assert names(folder) == []


def test_a_photo_that_may_not_be_read_is_a_sentence(
    folder: HotFolder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    photo = tmp_path_factory.mktemp("photos") / "a.jpg"
    photo.touch()
    with with_rights(photo, 0), pytest.raises(PictureError):
        drop(photo, folder)


def test_a_folder_that_is_away_is_an_output_error(folder: HotFolder, photo: Path) -> None:
    folder.watch.rmdir()
    with pytest.raises(OutputError, match="cannot be written"):
        drop(photo, folder)


def test_a_full_disk_leaves_nothing(
    folder: HotFolder, photo: Path, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    photo.write_bytes(bytes(100_000))
    with small_disk(folder.watch):
        with pytest.raises(DiskFullError):
            drop(photo, folder)
        assert list(folder.watch.iterdir()) == []


def test_what_came_is_known_when_all_of_it_has_ended(folder: HotFolder, ledger: Ledger) -> None:
    assert what_came(ledger, folder, ["a.jpg", "b.jpg"]) is None
    jobs = [dropped(ledger, folder, name) for name in ("a.jpg", "b.jpg")]
    ledger.change(jobs[0].id, state=State.FAILED)
    assert what_came(ledger, folder, ["a.jpg", "b.jpg"]) is None
    ledger.change(jobs[1].id, state=State.DONE)
    came = what_came(ledger, folder, ["b.jpg", "a.jpg"])
    assert came
    assert [(each.name, each.state) for each in came] == [("b.jpg", State.DONE), ("a.jpg", State.FAILED)]
    assert what_came(ledger, folder, []) == []


def test_a_file_that_was_done_before_and_is_tried_again_has_not_come_yet(folder: HotFolder, ledger: Ledger) -> None:
    ledger.change(dropped(ledger, folder, "a.jpg").id, state=State.DONE)
    dropped(ledger, folder, "a.jpg", b"another photo")
    assert what_came(ledger, folder, ["a.jpg"]) is None
