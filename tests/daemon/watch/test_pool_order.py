"""Which jobs are worked on, and when: folders that have to wait, turns, several at once, stop and resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.watch.job import State
from engine.errors import NotAPictureError
from tests.daemon.watch.answering import result_of
from tests.daemon.watch.hot import file
from tests.daemon.watch.jobs import begun, dropped
from tests.daemon.watch.working import Troubled, Working, pools
from tests.engine.server.live import until


@pytest.fixture
def working(tmp_path: Path) -> Iterator[Callable[..., Working]]:
    with pools(tmp_path) as make:
        yield make


def test_a_folder_that_cannot_be_written_waits_is_told_once_and_goes_on(working: Callable[..., Working]) -> None:
    one = working()
    obstacle = file(one.folder, "../out")  # a file where a folder is needed
    for number in range(5):
        dropped(one.means.ledger, one.folder, f"{number}.jpg")
    with one.run():
        until(lambda: one.display.warnings, 10)
        until(lambda: not one.pool.under_way, 10)
        assert one.states() == [State.WAITING] * 5
        obstacle.unlink()
        one.until(*[State.DONE] * 5)
    (warning,) = one.display.warnings
    assert "there is a file where a folder is needed" in warning
    assert warning.endswith("wait until that is mended.")
    assert len(one.display.sayings) == 1
    assert {each.attempts for each in one.jobs} == {1}


def test_a_bad_picture_whose_failed_folder_cannot_be_written_waits_too(working: Callable[..., Working]) -> None:
    one = working(NotAPictureError("what"))
    obstacle = file(one.folder, "../failed")
    job = dropped(one.means.ledger, one.folder, "a.jpg")
    with one.run():
        until(lambda: one.display.warnings and not one.pool.under_way, 10)
        assert one.states() == [State.WAITING]
        assert job.path.exists()
        one.client.errors.append(NotAPictureError("what"))
        obstacle.unlink()
        one.until(State.FAILED)
    assert one.pool.failed == 1
    assert len(one.display.warnings) == 1
    assert sorted(each.name for each in one.folder.failed.iterdir()) == ["a.jpg", "a.jpg.error.txt"]


def test_other_folders_go_on_meanwhile(working: Callable[..., Working], tmp_path: Path) -> None:
    one = working()
    file(one.folder, "../out")
    other = replace(one.folder, watch=tmp_path / "other", output=tmp_path / "elsewhere")
    other.watch.mkdir()
    one.pool.serve([one.folder, other], settle=0.1)
    for number in range(4):
        dropped(one.means.ledger, one.folder, f"{number}.jpg")
        dropped(one.means.ledger, other, f"{number}.jpg")
    with one.run():
        until(lambda: other.output.exists() and len(list(other.output.glob("*.matte.png"))) == 4, 10)
    assert [each.state for each in one.jobs if each.folder == one.folder.watch] == [State.WAITING] * 4


def test_a_closed_folder_that_has_nothing_to_try_with_keeps_no_processor_busy(working: Callable[..., Working]) -> None:
    one = working()
    file(one.folder, "../out")
    job = dropped(one.means.ledger, one.folder, "a.jpg")
    with one.run():
        until(lambda: one.display.warnings and not one.pool.under_way, 10)
        one.means.ledger.gone(one.folder.watch, ["a.jpg"], time.time())
        until(lambda: one.pool._gates.open([job.folder], time.time()), 10)
        looks = one.display.looks
        time.sleep(0.3)
        assert one.display.looks - looks < 5


def test_results_that_wait_for_their_names_get_them_when_that_can_be(working: Callable[..., Working]) -> None:
    one = working(conflict="overwrite")
    obstacle = one.folder.output / "a.matte.png"
    obstacle.mkdir(parents=True)
    dropped(one.means.ledger, one.folder, "a.jpg", b"photo")
    with one.run():
        until(lambda: one.display.warnings, 10)
        assert one.states() == [State.PUBLISHING]
        assert (one.pool.left, one.pool.idle(1)) == (1, True)  # its folder has to wait
        obstacle.rmdir()
        one.until(State.DONE)
    assert obstacle.read_bytes() == result_of(b"photo", "matte")
    assert len(one.client.asked) == 1


def test_several_pictures_are_under_way_at_once_and_no_more(working: Callable[..., Working]) -> None:
    one = working()
    for number in range(8):
        dropped(one.means.ledger, one.folder, f"{number}.jpg")
    one.client.gate.clear()
    with one.run():
        until(lambda: one.client.at_once == 3, 10)
        assert (one.pool.under_way, one.pool.left) == (3, 8)
        one.client.gate.set()
        one.until(*[State.DONE] * 8)
    assert one.client.most == 3
    assert (one.pool.left, one.pool.idle(1)) == (0, True)


def test_folders_take_turns(working: Callable[..., Working], tmp_path: Path) -> None:
    one = working()
    other = replace(one.folder, watch=tmp_path / "other", output=tmp_path / "elsewhere")
    other.watch.mkdir()
    one.pool.serve([one.folder, other], settle=0.1)
    for number in range(10):
        dropped(one.means.ledger, one.folder, f"{number}.jpg")
    for number in range(3):
        dropped(one.means.ledger, other, f"{number}.jpg")
    with one.run():
        one.until(*[State.DONE] * 13)
    order = [each.folder for each in sorted(one.jobs, key=lambda job: job.began or 0)]
    assert order[:6] in ([one.folder.watch, other.watch] * 3, [other.watch, one.folder.watch] * 3)


def test_what_is_under_way_ends_after_a_stop_and_nothing_new_is_begun(working: Callable[..., Working]) -> None:
    one = working()
    for number in range(6):
        dropped(one.means.ledger, one.folder, f"{number}.jpg")
    one.client.gate.clear()
    with one.run():
        until(lambda: one.client.at_once == 3, 10)
        one.pool.stop()
        one.pool.wait(0.01)
        assert one.pool.under_way == 3
    assert sorted(one.states()) == [State.DONE] * 3 + [State.WAITING] * 3
    assert one.pool.left == 3


def test_what_a_crash_broke_off_is_done_again_or_goes_on(working: Callable[..., Working]) -> None:
    one = working(conflict="overwrite")
    begun(one.means.ledger, one.folder, "working.jpg")
    part = file(one.folder, f"../out/.bshm-{one.means.ledger.name}-1-cutout.part")
    obstacle = one.folder.output / "publishing.matte.png"
    obstacle.mkdir()
    dropped(one.means.ledger, one.folder, "publishing.jpg", b"photo")
    with one.run():
        until(lambda: one.display.warnings, 10)
    assert one.states() == [State.WORKING, State.PUBLISHING]
    obstacle.rmdir()

    again = Working(one.means, one.folder, Troubled())
    again.pool.resume()
    assert not part.exists()
    with again.run():
        again.until(State.DONE, State.DONE)
    assert [each.name for each in again.client.asked] == [str(one.folder.watch / "working.jpg")]
    assert sorted(each.name for each in one.folder.output.iterdir()) == ["publishing.matte.png", "working.matte.png"]


def test_jobs_of_a_folder_that_is_no_longer_watched_wait(working: Callable[..., Working]) -> None:
    one = working()
    begun(one.means.ledger, one.folder, "a.jpg")
    one.pool.serve([], settle=0.1)
    one.pool.resume()
    with one.run():
        time.sleep(0.05)
    assert one.states() == [State.WAITING]
    assert one.pool.idle(1)


def test_it_is_idle_when_all_that_is_left_was_tried_often_enough(working: Callable[..., Working]) -> None:
    one = working()
    dropped(one.means.ledger, one.folder, "a.jpg")
    one.means.ledger.change(1, attempts=2)
    assert (one.pool.idle(2), one.pool.idle(3)) == (True, False)


def test_names_of_several_at_once_never_meet(working: Callable[..., Working]) -> None:
    one = working(conflict="overwrite")
    contents = {f"{stem}.{kind}": f"{stem} {kind}".encode() for stem in "abc" for kind in ("jpg", "png", "webp")}
    for name, content in contents.items():
        dropped(one.means.ledger, one.folder, name, content)
    with one.run():
        one.until(*[State.DONE] * len(contents))
    results = {each.read_bytes() for each in one.folder.output.iterdir()}
    assert results == {result_of(content, "matte") for content in contents.values()}
