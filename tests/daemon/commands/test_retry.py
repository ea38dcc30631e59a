"""`bshm retry`, on files and ledgers as `bshm watch` leaves them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.commands import main
from daemon.watch.job import Job, State
from tests.daemon.commands.ledgers import Watched


class Ran(NamedTuple):
    """How a run ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Retry = Callable[..., Ran]


@pytest.fixture
def retry(capsys: pytest.CaptureFixture[str]) -> Retry:
    def run(*paths: str | Path) -> Ran:
        code = main(["retry", *map(str, paths)])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path.resolve())
    yield made
    made.ledger.close()


def files(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*") if not each.is_dir())


def test_a_failed_picture_goes_back_and_its_reason_goes(watched: Watched, retry: Retry) -> None:
    job = watched.failed("sub/a.jpg")
    assert files(watched.top) == ["failed/sub/a.jpg", "failed/sub/a.jpg.error.txt"]
    assert retry() == (0, f"{job.path}: is there again, and is tried again\n", "")
    assert files(watched.top) == ["in/sub/a.jpg"]
    assert job.path.read_bytes() == b"no picture"
    assert retry() == (0, "", "No picture failed.\n")


def test_then_it_is_new_to_the_ledger(watched: Watched, retry: Retry) -> None:
    old = watched.failed("a.jpg")
    retry()
    assert watched.ledger.known(watched.folder.watch) == {}
    new = watched.dropped("a.jpg")
    assert (new.id != old.id, new.state, new.earlier) == (True, State.WAITING, None)


@pytest.mark.parametrize(
    "named",
    [lambda job: job.path, lambda job: job.original, lambda job: job.outputs[0].path],
    ids=["old", "now", "why"],
)
def test_it_is_named_by_its_place_its_old_place_or_its_reason(
    named: Callable[[Job], Path], watched: Watched, retry: Retry
) -> None:
    job = watched.failed("a.jpg")
    other = watched.failed("b.jpg")
    assert retry(named(job)).code == 0
    assert files(watched.top) == ["failed/b.jpg", "failed/b.jpg.error.txt", "in/a.jpg"]
    assert watched.ledger.job(other.id).state is State.FAILED


def test_it_is_named_from_where_the_user_is(watched: Watched, retry: Retry, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.failed("a.jpg")
    (watched.top / "link").symlink_to(watched.folder.failed)
    monkeypatch.chdir(watched.top)
    assert retry("link/a.jpg", "failed/a.jpg.error.txt").out.count("\n") == 1
    assert files(watched.folder.watch) == ["a.jpg"]


def test_what_was_dropped_meanwhile_keeps_its_name(watched: Watched, retry: Retry) -> None:
    job = watched.failed("a.jpg")
    job.path.write_bytes(b"another")
    back = watched.folder.watch / "a-2.jpg"
    assert retry(job.path) == (0, f"{back}: is there again, and is tried again\n", "")
    assert (job.path.read_bytes(), back.read_bytes()) == (b"another", b"no picture")


def test_names_that_failed_twice(watched: Watched, retry: Retry) -> None:
    for _ in range(2):
        watched.failed("a.jpg")
    assert retry(watched.folder.watch / "a.jpg").code == 0
    assert files(watched.top) == ["in/a-2.jpg", "in/a.jpg"]


def test_any_bytes_in_a_name(watched: Watched, retry: Retry) -> None:
    job = watched.failed(os.fsdecode(b"\xff \n.jpg"))
    assert retry(job.path).out == f"{watched.folder.watch}/\\xff \\n.jpg: is there again, and is tried again\n"
    assert job.path.exists()


def test_what_is_gone_is_said_and_the_others_are_tried(watched: Watched, retry: Retry) -> None:
    gone, other = watched.failed("a.jpg"), watched.failed("b.jpg")
    assert gone.original
    gone.original.unlink()
    ran = retry()
    assert ran.code == 1
    assert ran.err == (
        f"{gone.path}: cannot be tried again: it is no longer there at {gone.original}. Drop the picture into the hot "
        "folder.\n"
    )
    assert ran.out == f"{other.path}: is there again, and is tried again\n"


def test_what_never_failed_is_not_known(watched: Watched, retry: Retry) -> None:
    job = watched.done("a.jpg")
    ran = retry(job.path)
    assert ran == (1, "", f"{job.path}: no failed picture of this name is known. `bshm jobs --failed` lists them.\n")


def test_what_waits_for_another_try_is_due_at_once(watched: Watched, retry: Retry) -> None:
    job = watched.put_off("a.url", 300)
    assert retry() == (0, f"{job.path}: is tried again now\n", "")
    assert watched.ledger.job(job.id).due <= time.time()
    assert watched.ledger.job(job.id).state is State.WAITING


def test_what_could_not_be_taken_from_its_folder_is_tried_where_it_is(watched: Watched, retry: Retry) -> None:
    job = watched.failed("a.jpg")
    assert job.original
    job.original.rename(job.path)
    watched.ledger.change(job.id, original=job.path, present=True)
    assert retry().code == 0
    assert files(watched.top) == ["in/a.jpg"]
    assert watched.ledger.known(watched.folder.watch) == {}


def test_a_reason_goes_where_numbers_of_files_have_64_bits(
    watched: Watched, retry: Retry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on mergerfs; SQLite has room for 63 of them."""
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        mode, inode, *rest = real(path)
        return os.stat_result((mode, inode | 1 << 63, *rest))

    watched.failed("a.jpg")
    monkeypatch.setattr(Path, "lstat", lstat)
    assert retry().code == 0
    assert files(watched.top) == ["in/a.jpg"]


def test_a_reason_that_is_another_file_by_now_stays(watched: Watched, retry: Retry) -> None:
    job = watched.failed("a.jpg")
    reason = job.outputs[0].path
    mine = reason.with_name("mine")
    mine.write_text("my own words")
    mine.replace(reason)
    assert retry().code == 0
    assert reason.read_text() == "my own words"


def test_a_hot_folder_that_is_not_there_is_not_made(watched: Watched, retry: Retry) -> None:
    job = watched.failed("a.jpg")
    job.folder.rmdir()
    ran = retry()
    assert (ran.code, ran.out) == (1, "")
    assert f"the hot folder {job.folder} is not there" in ran.err
    assert files(watched.top) == ["failed/a.jpg", "failed/a.jpg.error.txt"]


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """The folder is a file system of its own."""
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root, with the right to mount, can give a folder a file system of its own")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_hot_folder_that_cannot_be_written(watched: Watched, retry: Retry) -> None:
    job = watched.failed("a.jpg")
    with mounted(watched.folder.watch, "-o", "ro"):
        assert retry() == (1, "", f"{job.path}: cannot be tried again: read-only file system.\n")
    assert files(watched.top) == ["failed/a.jpg", "failed/a.jpg.error.txt"]


def test_to_another_file_system(watched: Watched, retry: Retry) -> None:
    job = watched.failed("a.jpg")
    with mounted(watched.folder.watch):
        assert retry().code == 0
        assert job.path.read_bytes() == b"no picture"
        assert files(watched.top) == ["in/a.jpg"]


def test_where_nothing_was_watched(retry: Retry, tmp_path: Path) -> None:
    ran = retry()
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("Nothing was watched yet")
    assert retry(tmp_path / "a.jpg").code == 1
