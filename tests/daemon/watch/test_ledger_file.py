"""The ledger's file: any names, several processes, another version, damage, a full disk."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.outputs import DiskFullError
from daemon.watch.database import LedgerError
from daemon.watch.hot_folder import Sighting
from daemon.watch.job import Output, State
from daemon.watch.ledger import Ledger, ledger_file
from daemon.watch.scan import stamp_of
from tests.daemon.watch.hot import environment
from tests.daemon.watch.jobs import FOLDER, seen, took

NAMES = st.binary(min_size=1, max_size=30).filter(lambda each: b"\0" not in each).map(os.fsdecode)


def test_it_lies_in_the_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert ledger_file() == tmp_path / "bshm" / "ledger.sqlite"


def test_what_was_taken_down_is_there_after_a_restart_under_the_same_name(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger")) as one:
        one.add(FOLDER, "disk", [seen("a.jpg")], 0)
        name = one.name
    with closing(Ledger(tmp_path / "ledger")) as again:
        assert again.name == name
        assert again.known(FOLDER).keys() == {"a.jpg"}
    with closing(Ledger(tmp_path / "another")) as another:
        assert another.name != name


@settings(max_examples=15)  # each waits for the disk many times
@given(st.lists(NAMES, unique=True, max_size=4))
def test_names_of_any_bytes(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Ledger(Path(folder, "ledger"))) as ledger:
        assert ledger.add(FOLDER, "disk", map(seen, names), 0) == len(names)
        assert ledger.known(FOLDER).keys() == set(names)
        for name in names:
            job = took(ledger)
            result = Path("/", *name.strip("/").split("/"))
            ledger.publish(job.id, [Output("matte", result, 1, False)], original=result)
            found = ledger.latest(FOLDER, name)
            assert found
            assert (found.name, found.outputs[0].path, found.original) == (name, result, result)
            assert ledger.writer_of(result) == ((FOLDER, name), True)
            ledger.change(job.id, state=State.DONE, ended=0.0)
        ledger.gone(FOLDER, names, 0)
        assert ledger.known(FOLDER) == {}


@settings(max_examples=30)
@given(inode=st.integers(0, 2**64 - 1), size=st.integers(0, 2**63 - 1), mtime=st.integers(-(2**34), 2**34 - 1))
def test_whatever_a_file_system_calls_a_file_can_be_taken_down(inode: int, size: int, mtime: int) -> None:
    """Inodes have 64 bits, and no sign; times of ext4 go on to the year 2446, in nanoseconds past 64 bits."""
    times = {"st_mtime_ns": mtime * 10**9, "st_ctime_ns": 0}
    status = os.stat_result((0o100644, inode, 1, 1, 0, 0, size, 0, 0, 0), times)
    with tempfile.TemporaryDirectory() as folder, closing(Ledger(Path(folder, "ledger"))) as ledger:
        ledger.add(FOLDER, "disk", [Sighting("a.jpg", stamp_of(status), 0)], 0)
        assert ledger.known(FOLDER)["a.jpg"].stamp == stamp_of(status)
        assert ledger.add(FOLDER, "disk", [Sighting("a.jpg", stamp_of(status), 0)], 0) == 0


def test_others_read_while_one_writes(tmp_path: Path) -> None:
    """As `bshm jobs` does beside `bshm watch`: what is not on the disk for good is not seen."""
    with closing(Ledger(tmp_path / "ledger")) as writer, closing(Ledger(tmp_path / "ledger")) as reader:
        writer.add(FOLDER, "disk", [seen("a.jpg")], 0)
        with writer._changing():
            writer._set(1, state=State.DONE)
            assert [each.state for each in reader.jobs()] == [State.WAITING]
        assert [each.state for each in reader.jobs()] == [State.DONE]


def test_several_processes_write_in_turn(tmp_path: Path) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from daemon.watch.ledger import Ledger
        from tests.daemon.watch.jobs import FOLDER, seen
        ledger = Ledger(Path(sys.argv[1]))
        for number in range(20):
            ledger.add(FOLDER, "disk", [seen(f"{sys.argv[2]}-{number}.jpg")], 0)
    """
    command = [sys.executable, "-c", code, str(tmp_path / "ledger")]
    writers = [subprocess.Popen([*command, each], env=environment()) for each in ("a", "b")]
    assert [each.wait(60) for each in writers] == [0, 0]
    with closing(Ledger(tmp_path / "ledger")) as ledger:
        assert ledger.waiting([FOLDER]) == 40


def test_several_open_a_new_one_at_once(tmp_path: Path) -> None:
    """As `bshm watch` and `bshm jobs` after a first start: one makes the file, the others wait for it."""
    together = threading.Barrier(4)

    def opened(file: Path) -> str:
        together.wait(60)
        with closing(Ledger(file)) as ledger:
            return ledger.name

    with ThreadPoolExecutor(4) as threads:
        for number in range(60):
            assert len(set(threads.map(opened, [tmp_path / str(number)] * 4))) == 1


def test_what_fails_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    def sightings() -> object:
        yield seen("a.jpg")
        raise ZeroDivisionError

    with closing(Ledger(tmp_path / "ledger")) as ledger:
        with pytest.raises(ZeroDivisionError):
            ledger.add(FOLDER, "disk", sightings(), 0)  # type: ignore[arg-type]
        assert ledger.jobs() == []
        assert ledger.add(FOLDER, "disk", [seen("a.jpg")], 0) == 1


def test_the_ledger_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    with closing(Ledger(file)) as ledger:
        ledger.add(FOLDER, "disk", [seen("a.jpg")], 0)
    with closing(sqlite3.connect(file)) as newer:
        newer.execute("PRAGMA user_version = 9")
    with pytest.raises(LedgerError, match=r"it is of version 9, and this program knows 1\. Install the newer"):
        Ledger(file)
    with closing(sqlite3.connect(file)) as newer:
        assert newer.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
        newer.execute("PRAGMA user_version = 1")
    Ledger(file).close()


@pytest.mark.parametrize("damage", [b"no SQLite at all" * 300, None], ids=["another file", "a page overwritten"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, damage: bytes | None) -> None:
    file = tmp_path / "ledger"
    with closing(Ledger(file)) as ledger:
        ledger.add(FOLDER, "disk", [seen(f"{number}.jpg") for number in range(500)], 0)
    data = file.read_bytes()
    file.write_bytes(damage or data[:100] + b"\xff" * (len(data) - 100))
    with pytest.raises(LedgerError, match=r"the file is damaged\. Move it aside"), closing(Ledger(file)) as ledger:
        ledger.jobs()


def test_a_place_where_no_file_can_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="ledger: cannot be used: file exists"):
        Ledger(tmp_path / "file" / "ledger")


def test_a_full_disk_is_said_and_nothing_is_lost_when_there_is_room_again(
    tmp_path: Path, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with small_disk(tmp_path):
        with pytest.raises(DiskFullError, match="the disk is full"):
            Ledger(tmp_path / "ledger")
        subprocess.run(["mount", "-o", "remount,size=300k", str(tmp_path)], check=True)
        with closing(Ledger(tmp_path / "ledger")) as ledger:
            ballast = tmp_path / "ballast"
            ballast.write_bytes(bytes(os.statvfs(tmp_path).f_bavail * 4096))
            for _ in range(3):
                with pytest.raises(DiskFullError, match="the disk is full"):
                    ledger.add(FOLDER, "disk", [seen(f"{each}.jpg") for each in range(1000)], 0)
                assert ledger.waiting([FOLDER]) == 0
            ballast.unlink()
            assert ledger.add(FOLDER, "disk", [seen("a.jpg")], 0) == 1
            assert ledger.waiting([FOLDER]) == 1
