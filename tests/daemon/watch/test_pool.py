"""What becomes of a job, whatever error it meets."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.watch.job import State
from engine.errors import CancelledError, CrashError, DeadlineError, DeviceError, LostError, NotAPictureError
from tests.daemon.watch.answering import result_of
from tests.daemon.watch.hot import file
from tests.daemon.watch.jobs import dropped
from tests.daemon.watch.working import Working, pools
from tests.engine.server.live import until


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Callable[..., Working]]:
    with pools(tmp_path) as make:
        yield make


@pytest.mark.parametrize(
    "error",
    [NotAPictureError("what", "why"), DeadlineError("what", "why"), CrashError("what", "why")],
    ids=lambda error: type(error).__name__,
)
def test_a_picture_that_cannot_be_cut_out_fails_alone(working: Callable[..., Working], error: Exception) -> None:
    one = working(error)
    for name in ("bad.jpg", "good.jpg"):
        dropped(one.means.ledger, one.folder, name)
    with one.run():
        until(lambda: State.WAITING not in one.states() and not one.pool.left, 10)
    assert sorted(one.states()) == [State.DONE, State.FAILED]
    assert one.pool.failed == 1
    assert len(list(one.folder.failed.iterdir())) == 2
    assert one.display.warnings == []


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (CancelledError("what", "why"), "why"),
        (OSError(errno.EIO, "Input/output error"), "input/output error"),
        (ZeroDivisionError(), "a fault of this program, ZeroDivisionError"),
    ],
    ids=["cancelled", "system", "fault"],
)
def test_what_may_pass_is_tried_again_and_the_reason_is_journalled(
    working: Callable[..., Working], error: Exception, says: str
) -> None:
    one = working(error)
    job = dropped(one.means.ledger, one.folder, "a.jpg")
    with one.run():
        until(lambda: one.means.ledger.job(job.id).error is not None, 10)
        waits = one.means.ledger.job(job.id)
        assert waits.error
        assert (waits.state, waits.attempts, waits.error.why) == (State.WAITING, 1, says)
        assert 0 < waits.due - time.time() <= 1
        one.means.ledger.change(job.id, due=0)  # nobody waits for tests
        one.pool.wake()
        one.until(State.DONE)
    (after,) = one.jobs
    assert (after.attempts, after.error) == (2, None)


def test_a_fault_of_this_program_fails_the_picture_at_last(working: Callable[..., Working]) -> None:
    one = working(ZeroDivisionError())
    dropped(one.means.ledger, one.folder, "a.jpg")
    one.means.ledger.change(1, attempts=3)
    with one.run():
        one.until(State.FAILED)
    letter = (one.folder.failed / "a.jpg.error.txt").read_text()
    assert "a fault of this program, ZeroDivisionError" in letter


@pytest.mark.parametrize("error", [LostError("what"), DeviceError("what")], ids=lambda error: type(error).__name__)
def test_a_picture_waits_for_the_engine_without_losing_a_try(working: Callable[..., Working], error: Exception) -> None:
    one = working(error)
    dropped(one.means.ledger, one.folder, "a.jpg")
    with one.run():
        one.until(State.DONE)
    assert one.engine.times == 1
    assert one.jobs[0].attempts == 1


def test_a_file_that_left_is_no_failure(working: Callable[..., Working]) -> None:
    one = working()
    dropped(one.means.ledger, one.folder, "a.jpg").path.unlink()
    with one.run():
        one.until(State.LEFT)
    assert not one.jobs[0].present
    assert (one.pool.failed, one.display.warnings) == (0, [])


def test_a_file_that_changed_is_done_as_it_is_by_then(working: Callable[..., Working]) -> None:
    one = working()
    dropped(one.means.ledger, one.folder, "a.jpg", b"photo")
    file(one.folder, "a.jpg", b"another photo")
    with one.run():
        one.until(State.DONE)
    assert [each.read_bytes() for each in one.folder.output.iterdir()] == [result_of(b"another photo", "matte")]
