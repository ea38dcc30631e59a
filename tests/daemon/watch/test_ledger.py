from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.watch.hot_folder import Stamp
from daemon.watch.job import Output, Problem, State
from daemon.watch.ledger import Ledger
from tests.daemon.watch.jobs import FOLDER, seen, took

OTHER = Path("/other")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    one = Ledger(tmp_path / "state" / "ledger.sqlite")
    yield one
    one.close()


def ended(ledger: Ledger, name: str = "a.jpg", now: float = 1.0) -> int:
    """A job that was done."""
    ledger.add(FOLDER, "disk", [seen(name)], now)
    job = took(ledger, now=now)
    ledger.change(job.id, state=State.DONE, ended=now)
    return job.id


def states(ledger: Ledger) -> list[tuple[str, State, bool]]:
    return [(each.name, each.state, each.present) for each in ledger.jobs()]


def test_a_complete_file_becomes_a_job_that_waits(ledger: Ledger) -> None:
    assert ledger.add(FOLDER, "disk", [seen("a.jpg", 5)], 3.0) == 1
    (job,) = ledger.jobs()
    assert (job.path, job.filesystem, job.stamp) == (FOLDER / "a.jpg", "disk", Stamp(7, 100, 5))
    assert (job.state, job.present, job.attempts, job.due, job.queued) == (State.WAITING, True, 0, 3.0, 3.0)
    assert (job.hash, job.error, job.verdict, job.original, job.earlier) == (None, None, None, None, None)


def test_a_file_that_is_known_is_no_news(ledger: Ledger) -> None:
    ended(ledger)
    assert ledger.add(FOLDER, "disk", [seen("a.jpg")], 9.0) == 0
    assert states(ledger) == [("a.jpg", State.DONE, True)]


def test_a_file_that_changed_while_it_waits_is_one_job_still(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg", 1)], 1.0)
    assert ledger.add(FOLDER, "disk", [seen("a.jpg", 2)], 5.0) == 0
    (job,) = ledger.jobs()
    assert (job.stamp.mtime, job.due) == (2, 5.0)


def test_a_file_that_changed_after_its_end_is_a_new_job_that_knows_the_earlier(ledger: Ledger) -> None:
    first = ended(ledger)
    assert ledger.add(FOLDER, "disk", [seen("a.jpg", 2)], 5.0) == 1
    assert states(ledger) == [("a.jpg", State.DONE, False), ("a.jpg", State.WAITING, True)]
    assert took(ledger, now=5.0).earlier == first


@pytest.mark.parametrize("state", [State.WORKING, State.PUBLISHING])
def test_a_file_that_changed_while_it_is_under_way_is_left_alone(ledger: Ledger, state: State) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg", 1)], 0)
    job = took(ledger)
    ledger.change(job.id, state=state)
    assert ledger.add(FOLDER, "disk", [seen("a.jpg", 2)], 5.0) == 0
    assert ledger.job(job.id).stamp.mtime == 1


def test_what_is_gone_is_no_longer_known_and_may_come_again(ledger: Ledger) -> None:
    ended(ledger)
    ledger.add(FOLDER, "disk", [seen("b.jpg")], 2.0)
    ledger.gone(FOLDER, ["a.jpg", "b.jpg", "never there.jpg"], 3.0)
    assert ledger.known(FOLDER) == {}
    assert states(ledger) == [("a.jpg", State.DONE, False), ("b.jpg", State.LEFT, False)]
    assert [each.ended for each in ledger.jobs()] == [1.0, 3.0]
    assert ledger.add(FOLDER, "disk", [seen("a.jpg"), seen("b.jpg")], 4.0) == 2


@pytest.mark.parametrize("state", [State.WORKING, State.PUBLISHING])
def test_what_is_under_way_finds_out_itself_that_its_file_is_gone(ledger: Ledger, state: State) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg")], 0)
    ledger.change(took(ledger).id, state=state)
    ledger.gone(FOLDER, ["a.jpg"], 3.0)
    assert states(ledger) == [("a.jpg", state, True)]


def test_known_are_the_files_that_are_there_also_of_one_folder_below(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen(each, 4) for each in ("a.jpg", "sub/a.jpg", "sub/deep/b.jpg", "subway.jpg")], 0)
    ledger.add(OTHER, "share", [seen("elsewhere.jpg")], 0)
    ledger.gone(FOLDER, ["a.jpg"], 0)
    assert ledger.known(FOLDER).keys() == {"sub/a.jpg", "sub/deep/b.jpg", "subway.jpg"}
    assert ledger.known(FOLDER, "sub").keys() == {"sub/a.jpg", "sub/deep/b.jpg"}
    assert ledger.known(FOLDER)["sub/a.jpg"] == (Stamp(7, 100, 4), State.WAITING, "disk")


def test_a_file_can_come_to_lie_on_another_file_system(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg"), seen("b.jpg")], 0)
    ledger.seen_on(FOLDER, "new disk", ["a.jpg"])
    assert {name: each.filesystem for name, each in ledger.known(FOLDER).items()} == {
        "a.jpg": "new disk",
        "b.jpg": "disk",
    }


def test_the_job_that_is_due_first_is_taken_first_and_those_of_one_moment_in_order(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("c.jpg"), seen("b.jpg"), seen("a.jpg")], 1.0)
    ledger.change(1, due=4.0)
    ledger.add(FOLDER, "disk", [seen("d.jpg")], 2.0)
    assert [took(ledger, now=4.0).name for _ in range(4)] == ["b.jpg", "a.jpg", "d.jpg", "c.jpg"]


def test_nothing_is_taken_before_it_is_due_nor_of_other_folders(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg")], 5.0)
    assert ledger.take([FOLDER], 4.9) is None
    assert ledger.take([OTHER], 5.0) is None
    assert ledger.take([], 5.0) is None
    assert took(ledger, now=5.0).name == "a.jpg"


def test_the_first_folder_that_has_a_job_has_its_turn(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("old.jpg")], 1.0)
    ledger.add(OTHER, "disk", [seen("new.jpg")], 2.0)
    first = ledger.take([Path("/empty"), OTHER, FOLDER], 3.0)
    second = ledger.take([Path("/empty"), OTHER, FOLDER], 3.0)
    assert first
    assert second
    assert [first.name, second.name] == ["new.jpg", "old.jpg"]


def test_what_is_taken_is_worked_on_and_is_taken_by_nobody_else(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg")], 1.0)
    job = took(ledger, now=2.0)
    assert (job.state, job.attempts, job.began) == (State.WORKING, 1, 2.0)
    assert ledger.take([FOLDER], 9.0) is None
    assert ledger.under_way() == [job]


def test_many_threads_take_each_job_once(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen(f"{number}.jpg") for number in range(40)], 0)
    taken: list[str] = []

    def take() -> None:
        while job := ledger.take([FOLDER], 0):
            taken.append(job.name)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(taken) == sorted(f"{number}.jpg" for number in range(40))


def test_what_is_published_is_journalled_with_all_of_its_files(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg")], 0)
    job = took(ledger)
    ledger.publish(job.id, [Output("matte", OTHER / "old.png", 3, False)])
    outputs = (
        Output("matte", OTHER / "a.matte.png", 11, True),
        Output("cutout", OTHER / os.fsdecode(b"\xff.png"), 12, False),
    )
    error = Problem("what", "why", "remedy \udcff")
    columns = {"verdict": State.DONE, "hash": b"\0" * 32, "original": FOLDER / "a.jpg", "error": error}
    ledger.publish(job.id, outputs, summary={"people": 2}, **columns)
    found = ledger.job(job.id)
    assert (found.state, found.outputs, found.summary) == (State.PUBLISHING, outputs, {"people": 2})
    assert {key: getattr(found, key) for key in columns} == columns


def test_the_writer_of_a_result_is_the_last_one(ledger: Ledger) -> None:
    result = OTHER / "a.matte.png"
    assert ledger.writer_of(result) is None
    for number, name in enumerate(["a.jpg", "sub/a.jpg"]):
        ledger.add(FOLDER, "disk", [seen(name)], 0)
        job = took(ledger)
        ledger.publish(job.id, [Output("matte", result, number, True)])
        assert ledger.writer_of(result) == ((FOLDER, name), True)
        ledger.change(job.id, state=State.DONE)
        assert ledger.writer_of(result) == ((FOLDER, name), False)


def test_a_file_that_was_only_touched_is_its_earlier_job_again(ledger: Ledger) -> None:
    first = ended(ledger)
    ledger.add(FOLDER, "disk", [seen("a.jpg", 8)], 5.0)
    ledger.same(took(ledger, now=5.0), Stamp(7, 100, 9))
    (job,) = ledger.jobs()
    assert (job.id, job.state, job.present, job.stamp) == (first, State.DONE, True, Stamp(7, 100, 9))


def test_the_latest_job_of_a_file(ledger: Ledger) -> None:
    assert ledger.latest(FOLDER, "a.jpg") is None
    first = ended(ledger)
    ledger.add(FOLDER, "disk", [seen("a.jpg", 8), seen("b.jpg")], 5.0)
    latest = ledger.latest(FOLDER, "a.jpg")
    assert latest
    assert latest.earlier == first


def test_jobs_are_found_by_number_and_state(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen(f"{number}.jpg") for number in range(4)], 0)
    took(ledger)
    assert [each.id for each in ledger.jobs(State.WAITING)] == [2, 3, 4]
    assert [each.id for each in ledger.jobs(State.WAITING, State.WORKING, last=3)] == [2, 3, 4]
    assert [each.id for each in ledger.jobs(State.DONE)] == []
    assert ledger.find(9) is None
    with pytest.raises(KeyError):
        ledger.job(9)


def test_how_many_wait_and_until_when(ledger: Ledger) -> None:
    assert ledger.next_due([FOLDER, OTHER]) is None
    assert ledger.waiting([FOLDER, OTHER]) == 0
    ledger.add(FOLDER, "disk", [seen("a.jpg"), seen("b.jpg"), seen("c.jpg")], 5.0)
    ledger.add(OTHER, "disk", [seen("d.jpg")], 3.0)
    ledger.change(took(ledger, now=5.0).id, state=State.WAITING, due=9.0)
    took(ledger, now=5.0)
    assert (ledger.waiting([FOLDER]), ledger.waiting([FOLDER, OTHER])) == (2, 3)
    assert (ledger.waiting([FOLDER], 1), ledger.waiting([FOLDER], 2)) == (1, 2)
    assert (ledger.next_due([FOLDER]), ledger.next_due([FOLDER, OTHER])) == (5.0, 3.0)


def test_the_writer_of_a_forgotten_result_is_forgotten_too(ledger: Ledger) -> None:
    ledger.add(FOLDER, "disk", [seen("a.jpg")], 0)
    ledger.publish(took(ledger).id, [Output("matte", OTHER / "a.matte.png", 1, False)])
    ledger.change(1, state=State.DONE, ended=1.0, present=False)
    ledger.forget(2.0)
    assert ledger.writer_of(OTHER / "a.matte.png") is None


def test_the_job_that_a_touched_file_may_turn_out_to_be_is_not_forgotten(ledger: Ledger) -> None:
    first = ended(ledger)
    ledger.add(FOLDER, "disk", [seen("a.jpg", 2)], 5.0)
    job = took(ledger, now=5.0)
    ledger.forget(100.0)
    ledger.same(job, Stamp(7, 100, 2))
    assert [(each.id, each.present) for each in ledger.jobs()] == [(first, True)]


def test_old_jobs_are_forgotten_when_their_files_are_gone(ledger: Ledger) -> None:
    for name in ("there", "gone", "failed", "late"):
        ended(ledger, name)
    ledger.change(3, state=State.FAILED)
    ledger.change(4, ended=50.0)
    ledger.add(FOLDER, "disk", [seen("waiting")], 0)
    ledger.gone(FOLDER, ["gone", "failed", "late"], 2.0)
    ledger.forget(50.0)
    assert [each.name for each in ledger.jobs()] == ["there", "failed", "late", "waiting"]
