from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.watch.ending import clean_up, fail, finish
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import State
from daemon.watch.means import Means
from daemon.watch.originals import stamp_of
from daemon.watch.publish import MissingError, temporary
from daemon.watch.work import work
from engine.errors import NotAPictureError, OutputError
from tests.daemon.watch.answering import result_of
from tests.daemon.watch.hot import file
from tests.daemon.watch.jobs import asked, begun, done, names

RESULTS = ["a.cutout.png", "a.matte.png", "a.report.json"]


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
