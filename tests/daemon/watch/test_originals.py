from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.watch.originals import copy, give_back, move, put_away, stamp_of
from daemon.watch.publish import TakenError
from tests.daemon.watch.hot import reachable_folder, with_rights

LONG = "é" * 125 + ".jpg"  # 254 bytes
OLD = 1_000_000_000 * 10**9  # a time


def photo(path: Path, content: bytes = b"photo") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(OLD, OLD))
    path.chmod(0o640)
    return path


def names(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photo(tmp_path / "in" / "a.jpg")


@pytest.fixture
def held(source: Path) -> Path:
    return source.with_name(".held.part")


def test_an_original_is_moved_with_its_times_and_mode(tmp_path: Path, source: Path, held: Path) -> None:
    target = tmp_path / "done" / "sub" / "a.jpg"
    before = stamp_of(source)
    assert put_away(source, before, held, target)
    assert names(tmp_path) == ["done/sub/a.jpg"]
    assert stamp_of(target) == before
    assert put_away(source, before, held, target)  # again, after a crash


def test_to_another_file_system_too(another_disk: Path, tmp_path: Path, source: Path, held: Path) -> None:
    target = another_disk / "done" / "sub" / "a.jpg"
    assert put_away(source, stamp_of(source), held, target)
    assert names(tmp_path) == []
    assert names(another_disk) == ["done/sub/a.jpg"]
    status = target.stat()
    assert (target.read_bytes(), status.st_mtime_ns, status.st_mode & 0o777) == (b"photo", OLD, 0o640)


def test_an_original_is_deleted(tmp_path: Path, source: Path, held: Path) -> None:
    stamp = stamp_of(source)
    assert put_away(source, stamp, held, None)
    assert names(tmp_path) == []
    assert put_away(source, stamp, held, None)


@pytest.mark.parametrize("target", [None, "done.jpg"])
def test_another_file_of_its_name_stays(tmp_path: Path, source: Path, held: Path, target: str | None) -> None:
    stamp = stamp_of(source)
    photo(source, b"another photo")
    assert not put_away(source, stamp, held, target and tmp_path / target)  # type: ignore[arg-type]
    assert names(tmp_path) == ["in/a.jpg"]
    assert source.read_bytes() == b"another photo"


def test_another_file_that_was_taken_by_mistake_is_given_back(tmp_path: Path, source: Path, held: Path) -> None:
    """It came between the look and the step: a crash left it under the hidden name."""
    stamp = stamp_of(source)
    source.unlink()
    photo(held, b"another photo")
    assert not put_away(source, stamp, held, None)
    assert names(tmp_path) == ["in/a.jpg"]
    assert source.read_bytes() == b"another photo"


def test_after_a_crash_the_file_that_is_held_is_put_away_and_the_new_one_stays(
    tmp_path: Path, source: Path, held: Path
) -> None:
    stamp = stamp_of(source)
    source.rename(held)
    photo(source, b"another photo")
    assert put_away(source, stamp, held, tmp_path / "done.jpg")
    assert names(tmp_path) == ["done.jpg", "in/a.jpg"]
    assert (tmp_path / "done.jpg").read_bytes() == b"photo"


@given(
    st.sampled_from(["same", "touched", "replaced", "gone"]), st.sampled_from([None, b"new", b"photo"]), st.booleans()
)
def test_only_the_file_that_is_meant_ever_goes(
    tmp_path_factory: pytest.TempPathFactory, happened: str, came: bytes | None, was_held: bool
) -> None:
    """Whatever has the name, and whatever a crash left under the hidden one; came: put there after the crash."""
    folder = tmp_path_factory.mktemp("in")
    source, held, done = folder / "a.jpg", folder / ".held.part", folder / "done" / "a.jpg"
    stamp = stamp_of(photo(source))
    if happened == "touched":
        os.utime(source)
    elif happened == "replaced":
        photo(folder / "new", b"newer").replace(source)
    elif happened == "gone":
        source.unlink()
    if was_held and happened != "gone":
        source.rename(held)
    if came and not source.exists():
        source.write_bytes(came)
    before = sorted(each.read_bytes() for each in folder.iterdir())
    put_away(source, stamp, held, done)
    assert not held.exists()
    assert done.exists() == (happened == "same")
    after = [each for each in folder.rglob("*") if each.is_file()]
    assert sorted(each.read_bytes() for each in after) == before


def test_what_has_the_targets_name_stays(tmp_path: Path, source: Path, held: Path) -> None:
    target = photo(tmp_path / "done" / os.fsdecode(b"\xff.jpg"), b"somebody's own")
    with pytest.raises(TakenError, match="exists already") as caught:
        put_away(source, stamp_of(source), held, target)
    str(caught.value).encode()  # can be printed
    assert target.read_bytes() == b"somebody's own"
    give_back(held, source)
    assert source.read_bytes() == b"photo"


def test_so_it_does_on_another_file_system(another_disk: Path, source: Path) -> None:
    target = photo(another_disk / "a.jpg", b"mine!")
    with pytest.raises(TakenError):
        move(source, target)
    assert (source.read_bytes(), target.read_bytes()) == (b"photo", b"mine!")
    assert names(another_disk) == ["a.jpg"]


@pytest.mark.parametrize("where", ["here", "on another disk"])
def test_one_that_a_crash_left_under_both_names_loses_the_first(
    request: pytest.FixtureRequest, tmp_path: Path, source: Path, where: str
) -> None:
    if where == "here":
        target = tmp_path / "b.jpg"
        os.link(source, target)
    else:
        target = photo(request.getfixturevalue("another_disk") / "b.jpg")
    move(source, target)
    assert not source.exists()
    assert target.read_bytes() == b"photo"


def test_a_file_of_the_same_content_is_not_the_same_file(tmp_path: Path, source: Path) -> None:
    target = photo(tmp_path / "b.jpg")
    with pytest.raises(TakenError):
        move(source, target)
    assert source.exists()


def test_a_link_is_moved_itself_and_leads_where_it_did(tmp_path: Path, source: Path, held: Path) -> None:
    link = source.with_name("link.jpg")
    link.symlink_to("a.jpg")
    target = tmp_path / "done" / "link.jpg"
    assert put_away(link, stamp_of(link), held, target)
    assert names(tmp_path) == ["done/link.jpg", "in/a.jpg"]
    assert target.is_symlink()
    assert target.read_bytes() == b"photo"


def test_a_link_is_deleted_itself(tmp_path: Path, source: Path, held: Path) -> None:
    link = source.with_name("link.jpg")
    link.symlink_to("a.jpg")
    assert put_away(link, stamp_of(link), held, None)
    assert names(tmp_path) == ["in/a.jpg"]


def test_a_link_whose_file_left_while_it_was_held_is_given_back(tmp_path: Path, source: Path, held: Path) -> None:
    held.symlink_to("a.jpg")
    stamp = stamp_of(held)
    source.rename(tmp_path / "elsewhere.jpg")
    link = source.with_name("link.jpg")
    assert not put_away(link, stamp, held, tmp_path / "done.jpg")
    assert names(tmp_path) == ["elsewhere.jpg", "in/link.jpg"]


def test_a_link_does_not_take_anothers_place(tmp_path: Path, source: Path) -> None:
    link = source.with_name("link.jpg")
    link.symlink_to("a.jpg")
    target = photo(tmp_path / "b.jpg", b"somebody's own")
    with pytest.raises(TakenError):
        move(link, target)
    assert link.is_symlink()
    assert target.read_bytes() == b"somebody's own"


def test_what_is_given_back_takes_nobodys_name(tmp_path: Path) -> None:
    for name in ("a.jpg", LONG):
        for content in (b"1", b"2", b"3"):
            give_back(photo(tmp_path / ".held.part", content), tmp_path / name)
        give_back(tmp_path / ".held.part", tmp_path / name)  # it is there already
    assert len(names(tmp_path)) == 6
    assert {"a.jpg", "a-2.jpg", "a-3.jpg", LONG} < set(names(tmp_path))


def test_a_copy_is_whole_or_not_there(tmp_path: Path, source: Path) -> None:
    target = photo(tmp_path / "b.jpg", b"somebody's own")
    with pytest.raises(TakenError):
        copy(source, target)
    assert names(tmp_path) == ["b.jpg", "in/a.jpg"]
    copy(source, tmp_path / "c.jpg")
    assert stamp_of(tmp_path / "c.jpg")[1:] == stamp_of(source)[1:]


def test_a_folder_from_which_nothing_may_be_taken_keeps_its_file() -> None:
    with reachable_folder() as folder:
        source = photo(folder.watch / "a.jpg")
        source.chmod(0o644)
        with with_rights(folder.watch, 0o555), pytest.raises(PermissionError):
            put_away(source, stamp_of(source), source.with_name(".held.part"), None)
        assert names(folder.watch) == ["a.jpg"]
