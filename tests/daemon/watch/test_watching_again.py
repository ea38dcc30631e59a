"""What `bshm watch` does again, and what it does not."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching
from tests.engine.server.live import Live, until


def times_done(watch: Watching) -> dict[str, int]:
    return Counter(each["file"]["name"] for each in watch.jobs() if each["state"] == "done")


def look_around(watch: Watching, name: str) -> None:
    """Returns when what was dropped before this has been seen and done."""
    watch.put(picture(99), f"{name}.jpg")
    watch.until(*watch.results(name))


def test_what_stays_is_done_again_only_when_its_content_changes(watch: Watching) -> None:
    for name in ("touched", "opened", "rewritten", "changed", "replaced", "renamed"):
        watch.put(picture(1), f"{name}.jpg")
    watch.start()
    watch.until(*(path for each in watch.dropped.iterdir() for path in watch.results(each.stem)))
    drop = watch.dropped
    (drop / "touched.jpg").touch()
    (drop / "opened.jpg").open("r+b").close()
    (drop / "rewritten.jpg").write_bytes(picture(1))
    (drop / "changed.jpg").write_bytes(picture(2))
    watch.put(picture(3), "replaced.jpg")
    (drop / "renamed.jpg").rename(drop / "called otherwise.jpg")
    look_around(watch, "last")
    again = [path for each in ("changed-2", "replaced-2", "called otherwise") for path in watch.results(each)]
    watch.until(*again)
    os.utime(drop / "changed.jpg", (1, 1))
    look_around(watch, "really last")
    assert watch.stop() == 0
    assert times_done(watch) == {
        **dict.fromkeys(("touched.jpg", "opened.jpg", "rewritten.jpg", "renamed.jpg", "called otherwise.jpg"), 1),
        **dict.fromkeys(("changed.jpg", "replaced.jpg"), 2),
        **dict.fromkeys(("last.jpg", "really last.jpg"), 1),
    }


def test_what_had_left_is_done_again_when_it_comes_again(watch: Watching) -> None:
    aside = watch.home / "aside"
    aside.mkdir()
    photos = [watch.put(picture(number), f"{name}.jpg") for number, name in enumerate(("moved", "copied", "sub/deep"))]
    bases = ("moved", "copied", "sub/deep")
    watch.start()
    watch.until(*(path for base in bases for path in watch.results(base)))
    for each in (photos[0], photos[1], watch.dropped / "sub"):
        each.rename(aside / each.name)
    look_around(watch, "between")
    (aside / "moved.jpg").rename(photos[0])
    photos[1].write_bytes((aside / "copied.jpg").read_bytes())
    (aside / "sub").rename(watch.dropped / "sub")
    watch.until(*(path for base in bases for path in watch.results(f"{base}-2")))
    assert watch.stop() == 0
    assert times_done(watch) == {"moved.jpg": 2, "copied.jpg": 2, "deep.jpg": 2, "between.jpg": 1}


def test_what_happened_while_nobody_watched(watch: Watching) -> None:
    """A file that is there at both times has stayed, as far as can be known: its content decides."""
    done = watch.home / "done"
    gone = {"watch": watch.home / "gone", "output": watch.home / "out-gone", "done": done}
    watch.configure(QUICK, gone)
    for name in ("stays", "touched", "leaves", "left and back", "changes"):
        watch.put(picture(1), f"{name}.jpg")
    watch.put(picture(2), "a.jpg", Path(str(gone["watch"])))
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 0

    drop = watch.dropped
    (drop / "touched.jpg").touch()
    (drop / "leaves.jpg").unlink()
    (drop / "left and back.jpg").unlink()
    watch.put(picture(1), "left and back.jpg")
    (drop / "changes.jpg").write_bytes(picture(3))
    watch.put(picture(2), "a.jpg", Path(str(gone["watch"])))  # the first was moved away when it was done
    watch.put(picture(4), "new.jpg")
    watch.start("--once")
    assert watch.process.wait(60) == 0
    assert times_done(watch) == {
        **dict.fromkeys(("stays.jpg", "touched.jpg", "leaves.jpg", "left and back.jpg", "new.jpg"), 1),
        **dict.fromkeys(("changes.jpg", "a.jpg"), 2),
    }
    watch.put(picture(1), "leaves.jpg")
    watch.start("--once")
    assert watch.process.wait(60) == 0
    assert times_done(watch)["leaves.jpg"] == 2
    assert sorted(each.name for each in done.iterdir()) == ["a-2.jpg", "a.jpg"]


def test_what_comes_while_the_picture_is_cut_out_is_done_too(watch: Watching, resident: Live) -> None:
    """Another file of the same name, for one that is to be deleted; a new name; none at all."""
    watch.configure(QUICK, done="delete")
    drop = watch.dropped
    for number, name in enumerate(("replaced", "rewritten", "renamed", "removed")):
        watch.put(picture(number), f"{name}.jpg")
    resident.signal(signal.SIGSTOP)
    try:
        watch.start()
        until(lambda: [each["state"] for each in watch.jobs()] == ["working"] * 4)
        watch.put(picture(5), "replaced.jpg")
        (drop / "rewritten.jpg").write_bytes(picture(6))
        (drop / "renamed.jpg").rename(drop / "new name.jpg")
        (drop / "removed.jpg").unlink()
    finally:
        resident.signal(signal.SIGCONT)
    bases = ("replaced", "replaced-2", "rewritten", "rewritten-2", "renamed", "new name", "removed")
    watch.until(*(path for base in bases for path in watch.results(base)))
    until(lambda: not list(drop.iterdir()))
    assert watch.stop() == 0
    assert times_done(watch) == {
        **dict.fromkeys(("replaced.jpg", "rewritten.jpg"), 2),
        **dict.fromkeys(("renamed.jpg", "new name.jpg", "removed.jpg"), 1),
    }


def test_a_change_while_it_is_worked_on_is_done_after_that(watch: Watching) -> None:
    """However the moments fall, the last content's results are there in the end."""
    watch.start()
    watch.until_said("Networks run")
    for number in range(1, 6):
        (watch.dropped / "a.jpg").write_bytes(picture(number))
        until(lambda number=number: len(watch.jobs()) >= number)
    until(lambda: all(job["state"] == "done" for job in watch.jobs()))
    look_around(watch, "last")
    assert watch.stop() == 0
    assert times_done(watch)["a.jpg"] == 5
