from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.watch.hot_folder import HotFolder, Keep, Sighting
from daemon.watch.job import Job, State
from daemon.watch.means import Means
from daemon.watch.originals import stamp_of
from daemon.watch.publish import TakenError
from daemon.watch.reading import ChangedError
from daemon.watch.work import AnotherError, work
from engine.client import Answer
from engine.errors import OutputError
from tests.daemon.watch.answering import Answering, result_of
from tests.daemon.watch.hot import file
from tests.daemon.watch.jobs import asked, begun, done, names

RESULTS = ["a.cutout.png", "a.matte.png", "a.report.json"]


class Meddling(Answering):
    """Something happens while a picture is cut out."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens = happens

    def cut_out(self, *arguments: Any, **named: Any) -> Answer:
        self.happens()
        return super().cut_out(*arguments, **named)


def again(means: Means, folder: HotFolder, name: str) -> Job:
    """A new job of a file that has changed."""
    means.ledger.add(folder.watch, "disk", [Sighting(name, stamp_of(folder.watch / name), 0)], time.time())
    job = means.ledger.take([folder.watch], time.time())
    assert job
    return job


def test_a_photo_becomes_its_results(folder: HotFolder, means: Means) -> None:
    name = os.fsdecode(b"sub/\xff.jpg")
    job = done(begun(means.ledger, folder, name, b"photo"), folder, means)
    stem = os.fsdecode(b"sub/\xff")
    assert names(folder.output) == sorted(f"{stem}{each[1:]}" for each in RESULTS)
    assert (folder.output / f"{stem}.matte.png").read_bytes() == result_of(b"photo", "matte")
    assert job.hash == hashlib.sha256(b"photo").digest()
    assert (job.present, job.original, job.error) == (True, job.path, None)
    assert [each.kind for each in job.outputs] == ["cutout", "matte", "report"]
    assert (job.summary["people"], job.summary["warnings"]) == (1, [])
    assert names(folder.watch) == [name]


def test_the_report_tells_of_the_file_and_its_results(folder: HotFolder, means: Means) -> None:
    done(begun(means.ledger, folder, "a.jpg"), folder, means)
    report = json.loads((folder.output / "a.report.json").read_text())
    assert report["input"]["name"] == "a.jpg"
    assert "a.matte.png" in json.dumps(report)


def test_only_the_report_is_written_where_nothing_else_is_missing(folder: HotFolder, means: Means) -> None:
    folder = replace(folder, conflict="skip")
    for name in RESULTS[:2]:
        file(folder, f"../out/{name}", b"older")
    job = done(begun(means.ledger, folder, "a.jpg"), folder, means)
    assert [each.kind for each in job.outputs] == ["report"]
    assert (folder.output / "a.matte.png").read_bytes() == b"older"


def test_where_all_results_are_there_the_engine_is_not_asked(folder: HotFolder, means: Means) -> None:
    folder = replace(folder, conflict="skip", done="delete")
    for name in RESULTS:
        file(folder, f"../out/{name}", b"older")
    job = done(begun(means.ledger, folder, "a.jpg"), folder, means)
    assert (asked(means), job.summary, job.outputs) == (0, {"skipped": True}, ())
    assert names(folder.watch) == []


def test_a_file_that_was_only_touched_is_not_done_again(folder: HotFolder, means: Means) -> None:
    first = done(begun(means.ledger, folder, "a.jpg"), folder, means)
    os.utime(folder.watch / "a.jpg", ns=(1, 1))
    assert work(again(means, folder, "a.jpg"), folder, means) is None
    (job,) = means.ledger.jobs()
    assert (job.id, job.state, job.present) == (first.id, State.DONE, True)
    assert job.stamp == stamp_of(job.path)
    assert asked(means) == 1


def test_a_file_with_new_content_is_done_again(folder: HotFolder, means: Means) -> None:
    done(begun(means.ledger, folder, "a.jpg"), folder, means)
    file(folder, "a.jpg", b"a new photo")
    done(again(means, folder, "a.jpg"), folder, means)
    assert asked(means) == 2
    assert len(names(folder.output)) == 6


def test_a_file_that_changed_since_it_was_taken_down_is_not_begun(folder: HotFolder, means: Means) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    path = file(folder, "a.jpg", b"another photo")
    with pytest.raises(AnotherError) as caught:
        work(job, folder, means)
    assert caught.value.stamp == stamp_of(path)
    assert asked(means) == 0


def test_a_file_that_left_or_leads_out_is_not_begun(folder: HotFolder, means: Means) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    job.path.unlink()
    with pytest.raises(FileNotFoundError):
        work(job, folder, means)
    job.path.symlink_to(file(folder, "../elsewhere.jpg"))
    with pytest.raises(ChangedError):
        work(job, folder, means)


@pytest.mark.parametrize("keeps", ["keep", "delete", Path("done")])
def test_a_file_that_changes_while_it_is_cut_out_stays_and_is_looked_at(
    folder: HotFolder, means: Means, looked: list[str], keeps: Keep | Path
) -> None:
    folder = replace(folder, done=folder.watch.with_name("done") if isinstance(keeps, Path) else keeps)
    job = begun(means.ledger, folder, "a.jpg", b"photo")
    means = replace(means, client=Meddling(lambda: file(folder, "a.jpg", b"a longer photo")))
    after = done(job, folder, means)
    assert not after.present
    assert looked == ["a.jpg"]
    assert job.path.read_bytes() == b"a longer photo"
    assert (folder.output / "a.matte.png").read_bytes() == result_of(b"photo", "matte")


def test_a_file_that_leaves_while_it_is_cut_out_has_its_results(
    folder: HotFolder, means: Means, looked: list[str]
) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    after = done(job, folder, replace(means, client=Meddling(job.path.unlink)))
    assert (after.present, looked) == (False, [])
    assert names(folder.output) == RESULTS


def test_results_that_come_meanwhile_are_kept_and_the_job_waits_to_be_done_anew(
    folder: HotFolder, means: Means
) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    come = Meddling(lambda: file(folder, "../out/a.matte.png", b"somebody's own"))
    with pytest.raises(TakenError):
        work(job, folder, replace(means, client=come))
    assert means.ledger.job(job.id).state is State.WAITING
    assert names(folder.output) == ["a.matte.png"]
    retried = means.ledger.take([folder.watch], time.time())
    assert retried
    done(retried, folder, means)
    assert names(folder.output) == [*(f"a-2{each[1:]}" for each in RESULTS), "a.matte.png"]


def test_where_no_results_can_be_written_the_job_is_what_it_was(folder: HotFolder, means: Means) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    with pytest.raises(OutputError):
        work(job, replace(folder, output=file(folder, "../file")), means)
    assert means.ledger.job(job.id).state is State.WORKING
    done(job, folder, means)


def test_a_full_disk_leaves_no_results(
    folder: HotFolder, means: Means, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    folder.output.mkdir()
    job = begun(means.ledger, folder, "a.jpg")
    with small_disk(folder.output):
        (folder.output / "ballast").write_bytes(bytes(12 * 1024))
        with pytest.raises(OutputError, match="disk is full"):
            work(job, folder, means)
        assert names(folder.output) == ["ballast"]
