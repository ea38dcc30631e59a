from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.watch.ending import clean_up, fail, finish
from daemon.watch.hot_folder import HotFolder, Keep, Sighting
from daemon.watch.job import Job, State
from daemon.watch.means import Means
from daemon.watch.originals import stamp_of
from daemon.watch.publish import MissingError, TakenError, temporary
from daemon.watch.reading import ChangedError
from daemon.watch.work import AnotherError, work
from engine.client import Answer
from engine.errors import NotAPictureError, OutputError
from engine.settings import Settings
from tests.daemon.watch.answering import Answering, means_of, result_of
from tests.daemon.watch.hot import file, hot_folder
from tests.daemon.watch.jobs import begun

WANTED = replace(Settings(), want=("cutout", "matte"))
RESULTS = ["a.cutout.png", "a.matte.png", "a.report.json"]


@pytest.fixture
def folder(tmp_path: Path) -> HotFolder:
    (tmp_path / "in").mkdir()
    return hot_folder(tmp_path / "in", settings=WANTED)


@pytest.fixture
def looked() -> list[str]:
    """The files of which a look was asked for."""
    return []


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def means(tmp_path: Path, looked: list[str], said: list[str]) -> Iterator[Means]:
    with means_of(tmp_path / "state" / "ledger") as one:
        yield replace(one, look=lambda _, name: looked.append(name), complain=said.append)


def asked(means: Means) -> int:
    assert isinstance(means.client, Answering)
    return len(means.client.asked)


def names(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


def done(job: Job, folder: HotFolder, means: Means) -> Job:
    after = work(job, folder, means)
    assert after is not None
    assert after.state is State.DONE
    return after


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


class Meddling(Answering):
    """Something happens while a picture is cut out."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.happens = happens

    def cut_out(self, *arguments: Any, **named: Any) -> Answer:
        self.happens()
        return super().cut_out(*arguments, **named)


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


def test_two_originals_of_one_name_are_both_kept(folder: HotFolder, means: Means) -> None:
    folder = replace(folder, done=folder.watch.with_name("done"))
    for content in (b"one", b"two"):
        after = done(begun(means.ledger, folder, "a.jpg", content), folder, means)
        assert after.original
        assert (after.present, after.original.read_bytes()) == (False, content)
    assert names(folder.done if isinstance(folder.done, Path) else folder.watch) == ["a-2.jpg", "a.jpg"]


def test_a_job_that_is_still_publishing_keeps_its_names(folder: HotFolder, means: Means) -> None:
    """It goes on after a crash, or when its folder does; meanwhile others are done."""
    folder = replace(folder, conflict="overwrite")
    first = begun(means.ledger, folder, "a.jpg", b"one")
    obstacle = folder.output / "a.cutout.png"
    obstacle.mkdir(parents=True)
    with pytest.raises(OutputError, match="there is a folder of that name"):
        work(first, folder, means)
    assert means.ledger.job(first.id).state is State.PUBLISHING
    obstacle.rmdir()

    second = done(begun(means.ledger, folder, "a.png", b"two"), folder, means)
    finish(means.ledger.job(first.id), folder, means)
    assert (folder.output / "a.matte.png").read_bytes() == result_of(b"one", "matte")
    assert {each.path.name for each in second.outputs} == {f"a.png{each[1:]}" for each in RESULTS}
    assert (folder.output / "a.png.matte.png").read_bytes() == result_of(b"two", "matte")


def test_a_bad_file_goes_into_the_failed_folder_with_its_reason(folder: HotFolder, means: Means) -> None:
    name = os.fsdecode(b"sub/it's \xff.jpg")
    for _ in range(2):
        job = begun(means.ledger, folder, name, b"bad")
        with pytest.raises(NotAPictureError) as caught:
            work(job, folder, means)
        after = fail(job, folder, caught.value, means)
        assert after.original
        assert (after.state, after.present, after.original.read_bytes()) == (State.FAILED, False, b"bad")
        assert after.error
        assert after.error.remedy == "Send another"
        (letter,) = (each.path.read_text() for each in after.outputs)
        assert "Why: it begins with 'bad'\n" in letter
        assert "What to do: Send another\n" in letter
        assert "bshm retry" in letter
    assert len(names(folder.failed)) == 4
    assert names(folder.watch) == names(folder.output) == []


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


def test_what_a_job_left_that_was_broken_off_is_cleaned_up(folder: HotFolder, means: Means) -> None:
    job = begun(means.ledger, folder, "sub/a.jpg")
    ticket = f"{means.ledger.name}-{job.id}"
    for where, kind in ((folder.output, "matte"), (folder.output, "report"), (folder.failed, "error")):
        part = temporary(ticket, where / "sub", kind)
        part.parent.mkdir(parents=True, exist_ok=True)
        part.touch()
    file(folder, "../out/sub/.bshm-another-1-matte.part")
    clean_up(job, folder, means)
    assert names(folder.output) == ["sub/.bshm-another-1-matte.part"]
    assert names(folder.failed) == []


def test_results_that_somebody_takes_from_their_places_are_not_made_again(folder: HotFolder, means: Means) -> None:
    """As a program does that waits for them, before the original could be put away."""
    folder = replace(folder, done="delete")
    job = begun(means.ledger, folder, "a.jpg")
    path = folder.watch / "a.jpg"
    data = path.read_bytes()
    done(job, folder, means)
    path.write_bytes(data)  # as if it had not been deleted yet
    means.ledger.change(job.id, state=State.PUBLISHING, ended=None, stamp=stamp_of(path))
    (folder.output / "a.matte.png").unlink()
    assert finish(means.ledger.job(job.id), folder, means).state is State.DONE
    assert not path.exists()
    assert asked(means) == 1


def test_another_file_of_the_originals_new_name_does_it_no_harm(
    folder: HotFolder, means: Means, tmp_path: Path
) -> None:
    """It came after the name was journalled; the results, which have theirs, stay."""
    folder = replace(folder, done=tmp_path / "done")
    job = begun(means.ledger, folder, "a.jpg")
    path = folder.watch / "a.jpg"
    data = path.read_bytes()
    done(job, folder, means)
    path.write_bytes(data)
    (tmp_path / "done" / "a.jpg").write_bytes(b"another")
    means.ledger.change(job.id, state=State.PUBLISHING, ended=None, stamp=stamp_of(path))
    ended = finish(means.ledger.job(job.id), folder, means)
    assert ended.state is State.DONE
    assert ended.original == tmp_path / "done" / "a-2.jpg"
    assert (tmp_path / "done" / "a.jpg").read_bytes() == b"another"
    assert names(folder.output) == RESULTS


def test_a_bad_file_that_was_taken_away_leaves_no_reason_behind(folder: HotFolder, means: Means) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    (folder.watch / "a.jpg").unlink()
    assert fail(job, folder, NotAPictureError("a.jpg: not a picture"), means).state is State.LEFT
    assert names(folder.failed) == []


def test_a_folder_whose_disk_vanished_is_not_written(folder: HotFolder, means: Means) -> None:
    """Its mount point is a folder like any other, and what lies there is hidden when the disk is back."""
    folder.output.mkdir()
    disk = folder.output.parent / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "--bind", disk, folder.output], capture_output=True, check=False).returncode:
        pytest.skip("only root, with the right to mount, can have a disk vanish")
    try:
        done(begun(means.ledger, folder, "a.jpg"), folder, means)
    finally:
        subprocess.run(["umount", folder.output], check=True)
    job = begun(means.ledger, folder, "b.jpg")
    with pytest.raises(OutputError, match="its disk or share is not there"):
        work(job, folder, means)
    assert names(folder.output) == []
    assert asked(means) == 1
    means.written.forget()
    assert done(job, folder, means).state is State.DONE


def test_results_that_somebody_took_while_they_were_published_are_made_anew(folder: HotFolder, means: Means) -> None:
    job = begun(means.ledger, folder, "a.jpg")
    after = done(job, folder, means)
    means.ledger.change(job.id, state=State.PUBLISHING, placed=False, ended=None)  # a crash before they are journalled
    (folder.output / "a.matte.png").unlink()
    with pytest.raises(MissingError):
        finish(means.ledger.job(job.id), folder, means)
    assert means.ledger.job(job.id).state is State.WAITING
    assert names(folder.output) == []
    assert after.path.exists()
