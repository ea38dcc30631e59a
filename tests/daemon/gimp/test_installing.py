"""The plug-in's folder is put into a plug-in folder whole or not at all, and nothing that is not ours is touched."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.gimp.installing import NAME, RECORD, Installation, State, put, recorded_socket, source_for, state, take_away
from engine.errors import OutputError

WANTED = Installation("1.2.3", ("/opt/b s h m/bin/bshm", "--config", "/é\udcff.yaml"), None)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(("series", "folder"), [((3, 0), "gimp3"), ((3, 2), "gimp3"), ((2, 10), "gimp210")])
def test_the_plug_in_that_comes_with_the_program_is_whole(series: tuple[int, int], folder: str) -> None:
    found = source_for(series)
    assert found.parts[-3:] == ("plugin_gimp", folder, NAME)
    assert os.access(found / f"{NAME}.py", os.X_OK)


def test_it_is_put_there_with_its_modes_and_without_what_is_no_part_of_it(source: Path, plug_ins: Path) -> None:
    mask = os.umask(0o077)
    try:
        assert put(source, plug_ins, WANTED)
    finally:
        os.umask(mask)
    folder = plug_ins / NAME
    assert files(plug_ins) == {f"{NAME}/{name}" for name in ("bshm-cut-out.py", "parts/a.py", "locale/zh/x.mo", RECORD)}
    assert mode(folder) == mode(folder / "parts") == mode(folder / "bshm-cut-out.py") == 0o755
    assert mode(folder / "parts/a.py") == mode(folder / "locale/zh/x.mo") == 0o644
    assert (folder / "parts/a.py").read_bytes() == (source / "parts/a.py").read_bytes()


def test_it_is_told_how_the_engine_is_found_and_started(source: Path, plug_ins: Path) -> None:
    put(source, plug_ins, replace(WANTED, socket=Path("/run/é\udcff.sock")))
    text = (plug_ins / NAME / RECORD).read_bytes()
    assert json.loads(text) == {"version": "1.2.3", "command": [*WANTED.command], "socket": "/run/é\udcff.sock"}
    assert text.isascii()  # Python 2 reads it too
    assert recorded_socket(plug_ins) == Path("/run/é\udcff.sock")


def test_a_second_time_nothing_is_written(source: Path, plug_ins: Path) -> None:
    put(source, plug_ins, WANTED)
    (plug_ins / NAME / "parts/__pycache__").mkdir()  # GIMP has run it
    (plug_ins / NAME / "parts/__pycache__/a.cpython-313.pyc").touch()
    before = (plug_ins / NAME).stat()
    assert not put(source, plug_ins, WANTED)
    assert (plug_ins / NAME).stat() == before


def changed_file(source: Path, folder: Path) -> None:
    (source / "parts/a.py").write_text("new")


def new_file(source: Path, folder: Path) -> None:
    (source / "c.py").touch()


def gone_file(source: Path, folder: Path) -> None:
    (source / "parts/a.py").unlink()


def lost_mode(source: Path, folder: Path) -> None:
    (folder / "bshm-cut-out.py").chmod(0o644)


def damaged(source: Path, folder: Path) -> None:
    (folder / "bshm-cut-out.py").write_text("")


@pytest.mark.parametrize("change", [changed_file, new_file, gone_file, lost_mode, damaged])
def test_what_differs_is_seen_and_replaced(source: Path, plug_ins: Path, change: Callable[[Path, Path], None]) -> None:
    put(source, plug_ins, WANTED)
    assert state(source, plug_ins, WANTED) is State.CURRENT
    change(source, plug_ins / NAME)
    assert state(source, plug_ins, WANTED) is State.OUTDATED
    assert put(source, plug_ins, WANTED)
    assert state(source, plug_ins, WANTED) is State.CURRENT
    assert sorted(each.name for each in plug_ins.iterdir()) == [NAME]


@pytest.mark.parametrize(
    "other",
    [replace(WANTED, command=("/elsewhere/bshm",)), replace(WANTED, socket=Path("/a")), replace(WANTED, version="2")],
)
def test_what_was_written_down_for_another_place_is_seen_and_replaced(
    source: Path, plug_ins: Path, other: Installation
) -> None:
    put(source, plug_ins, other)
    assert state(source, plug_ins, WANTED) is State.MISLED
    assert put(source, plug_ins, WANTED)
    assert state(source, plug_ins, WANTED) is State.CURRENT


def own_folder(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "bshm-cut-out.py").write_text("mine")


def other_record(folder: Path) -> None:
    own_folder(folder)
    (folder / RECORD).write_text('{"name": "another"}')


def link(folder: Path) -> None:
    other = folder.parents[2] / "developer"
    other.mkdir()
    (other / RECORD).write_text('{"command": []}')
    folder.parent.mkdir()
    folder.symlink_to(other)


def dead_link(folder: Path) -> None:
    folder.parent.mkdir()
    folder.symlink_to("nowhere")


def file(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("mine")


@pytest.mark.parametrize("make", [own_folder, other_record, link, dead_link, file])
def test_what_is_not_ours_is_left_alone(source: Path, plug_ins: Path, make: Callable[[Path], None]) -> None:
    make(plug_ins / NAME)
    before = files(plug_ins.parents[1])
    assert state(source, plug_ins, WANTED) is State.FOREIGN
    with pytest.raises(OutputError, match=r"it was not put there by `bshm gimp install`\. Move it away"):
        put(source, plug_ins, WANTED)
    with pytest.raises(OutputError, match="left alone: it was not put there"):
        take_away(plug_ins)
    assert files(plug_ins.parents[1]) == before


def test_it_is_taken_away_whole_and_nothing_else(source: Path, plug_ins: Path) -> None:
    assert not take_away(plug_ins)
    put(source, plug_ins, WANTED)
    (plug_ins / NAME / "parts/__pycache__").mkdir()
    (plug_ins / "another").mkdir()
    assert take_away(plug_ins)
    assert [each.name for each in plug_ins.iterdir()] == ["another"]
    assert not take_away(plug_ins)
    assert recorded_socket(plug_ins) is None


@pytest.fixture
def public(source: Path) -> Iterator[Path]:
    """A settings folder, and the source beside it, that others may look into: root's tests become another user."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    shutil.copytree(source, folder / NAME)
    (folder / NAME / "parts/a.py").chmod(0o644)
    (folder / NAME / "bshm-cut-out.py").chmod(0o755)
    (folder / "gimp").mkdir()
    yield folder
    shutil.rmtree(folder)


def test_a_folder_without_rights_is_said_and_nothing_is_half_done(
    public: Path, without_rights: Callable[[Path], AbstractContextManager[None]]
) -> None:
    source, plug_ins = public / NAME, public / "gimp/plug-ins"
    with without_rights(public / "gimp"), pytest.raises(OutputError, match="cannot be written: permission denied"):
        put(source, plug_ins, WANTED)
    put(source, plug_ins, WANTED)
    (source / "c.py").touch()
    with without_rights(plug_ins):
        with pytest.raises(OutputError, match=r"cannot be written: permission denied\. Change the owner"):
            put(source, plug_ins, WANTED)
        with pytest.raises(OutputError, match="cannot be removed: permission denied"):
            take_away(plug_ins)
    assert [each.name for each in plug_ins.iterdir()] == [NAME]
    assert state(source, plug_ins, WANTED) is State.OUTDATED


def test_a_folder_that_this_user_may_not_look_into_is_not_taken_for_an_empty_one(public: Path) -> None:
    source, plug_ins = public / NAME, public / "gimp/plug-ins"
    put(source, plug_ins, WANTED)
    inner = public / "gimp"
    inner.chmod(0o600)
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(OutputError, match="cannot be read: permission denied"):
            state(source, plug_ins, WANTED)
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        inner.chmod(0o700)


def test_a_full_disk_leaves_what_was_there(
    source: Path, plug_ins: Path, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    plug_ins.mkdir()
    with small_disk(plug_ins):
        put(source, plug_ins, WANTED)
        (source / "large").write_bytes(bytes(100_000))
        with pytest.raises(OutputError, match="cannot be written: no space left on device"):
            put(source, plug_ins, WANTED)
        assert [each.name for each in plug_ins.iterdir()] == [NAME]
        assert (plug_ins / NAME / "parts/a.py").read_text() == "parts/a.py"


def test_no_settings_folder_is_made_for_gimp(source: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such file or directory"):
        put(source, tmp_path / "never started/plug-ins", WANTED)
    assert not (tmp_path / "never started").exists()
