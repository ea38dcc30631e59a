"""A crash at any step leads to the same end: each picture's results once and whole, its original where it belongs.

A process of its own does a job and kills itself (SIGKILL) right before the n-th change of the disk; then another takes
over, as `bshm watch` does at its start. So for each n until no step is left.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.watch.ending import clean_up, fail, finish
from daemon.watch.hot_folder import HotFolder, Sighting
from daemon.watch.job import State
from daemon.watch.originals import stamp_of
from daemon.watch.work import work
from engine.errors import BshmError
from engine.settings import Settings
from tests.daemon.watch.answering import means_of, result_of
from tests.daemon.watch.hot import hot_folder

_CHANGES = {"os.link", "os.rename", "os.remove", "os.truncate", "os.symlink", "os.mkdir", "os.utime"}
_DATA = b"the photo"
_NAME = os.fsdecode(b"sub/\xff caf\xc3\xa9.jpg")


def _one_round(folder: HotFolder, ledger: Path) -> None:
    """What `bshm watch` does with one file, from wherever it was."""
    with means_of(ledger) as means:
        for begun in means.ledger.under_way():
            if begun.state is State.PUBLISHING:
                finish(begun, folder, means)
            else:
                clean_up(begun, folder, means)
                means.ledger.change(begun.id, state=State.WAITING)
        path = folder.watch / _NAME
        if path.exists():
            means.ledger.add(folder.watch, "here", [Sighting(_NAME, stamp_of(path), 0)], time.time())
        while job := means.ledger.take([folder.watch], time.time()):
            try:
                work(job, folder, means)
            except BshmError as error:
                fail(job, folder, error, means)


def _killed_before(step: int, action: Callable[[], None]) -> bool:
    """Whether a process that does this was killed before so many changes; False where it came to its end."""
    child = os.fork()
    if child == 0:
        left = step

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
            if event in _CHANGES or writes:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left -= 1

        try:
            sys.addaudithook(hook)
            action()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001  # nothing of the child's may reach pytest
            print(repr(error), file=sys.stderr)
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _outcome(base: Path) -> dict[str, bytes]:
    """All files but the ledger's; the reports and reasons, which tell of time and folder, by their size alone."""
    tree = {name: data for name, data in _tree(base).items() if not name.startswith("state/")}
    return {name: b"" if name.endswith((".json", ".error.txt")) else data for name, data in tree.items()}


@pytest.mark.parametrize("done", ["keep", "delete", "moved", "another file system"])
@pytest.mark.parametrize("data", [_DATA, b"bad photo"], ids=["good", "bad"])
def test_a_crash_at_any_step(tmp_path: Path, done: str, data: bytes) -> None:
    elsewhere = Path("/dev/shm")  # noqa: S108  # where it is another file system than the folder of tests
    if done == "another file system" and (
        not os.access(elsewhere, os.W_OK) or elsewhere.stat().st_dev == tmp_path.stat().st_dev
    ):
        pytest.skip("there is no second file system that may be written here")
    step = 0
    killed = True
    while killed:
        base = tmp_path / str(step)
        away = elsewhere / f"bshm-test-{os.getpid()}-{step}" if done == "another file system" else base / "done"
        wanted = replace(Settings(), want=("cutout", "matte"))
        folder = hot_folder(base / "in", done=done if done in ("keep", "delete") else away, settings=wanted)
        path = folder.watch / _NAME
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        ledger = base / "state" / "ledger.sqlite"
        with means_of(ledger):
            pass
        try:
            killed = _killed_before(step, lambda folder=folder, ledger=ledger: _one_round(folder, ledger))  # type: ignore[misc]
            if killed:
                assert not _killed_before(1_000, lambda folder=folder, ledger=ledger: _one_round(folder, ledger))  # type: ignore[misc]
            found = _outcome(base)
            found |= {f"done/{name}": value for name, value in _tree(away).items()}
        finally:
            for each in (away / "sub").glob("*") if done == "another file system" else ():
                each.unlink()
        assert found == _wanted(data, done), f"killed before step {step}"
        with means_of(ledger) as means:
            (job,) = means.ledger.jobs()
            assert job.state is (State.DONE if data == _DATA else State.FAILED)
            assert job.present == (data == _DATA and done == "keep")
        step += 1
    assert step > 5


def _wanted(data: bytes, done: str) -> dict[str, bytes]:
    base = _NAME.removesuffix(".jpg")
    if data != _DATA:
        return {f"failed/{_NAME}": data, f"failed/{_NAME}.error.txt": b""}
    results = {f"out/{base}.{want}.png": result_of(data, want) for want in ("cutout", "matte")}
    original = {"keep": {f"in/{_NAME}": data}, "delete": {}}.get(done, {f"done/{_NAME}": data})
    return {**results, f"out/{base}.report.json": b"", **original}
