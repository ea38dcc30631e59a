"""`bshm jobs` and `bshm retry` beside a `bshm watch` that runs, and beside none."""

from __future__ import annotations

import os
import re
from collections import Counter

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching
from tests.engine.server.live import until


def states(watch: Watching) -> dict[tuple[str, str], int]:
    return Counter((each["file"]["name"], each["state"]) for each in watch.jobs())


def test_jobs_says_what_came_of_each(watch: Watching) -> None:
    watch.start()
    watch.put(picture(1), "good.jpg")
    bad = watch.put(b"bad", "sub/bad.jpg")
    watch.until(*watch.results("good"), watch.failed / "sub/bad.jpg")
    until(lambda: states(watch) == {("good.jpg", "done"): 1, ("bad.jpg", "failed"): 1})
    good, failed = sorted(watch.jobs(), key=lambda job: str(job["state"]))
    assert {kind: each["name"] for kind, each in good["outputs"].items()} == {
        kind: path.name for kind, path in zip(("cutout", "matte", "report"), watch.results("good"), strict=True)
    }
    assert good["error"] is None
    assert good["people"] == 0
    assert failed["file"]["uri"] == bad.as_uri()
    assert failed["original"]["uri"] == (watch.failed / "sub/bad.jpg").as_uri()
    assert "not a picture" in failed["error"]["what"]
    lines = os.fsdecode(watch.run("jobs", "--failed").stdout).splitlines()
    assert len(lines) == 1
    assert re.search(r"failed .*/in/sub/bad\.jpg .*not a picture.* It was moved to .*/failed/sub/bad\.jpg\.$", lines[0])
    assert watch.stop() == 0


def test_retry_puts_failed_pictures_back(watch: Watching) -> None:
    watch.start()
    for name in ("sub/mended.jpg", "still bad.jpg", "taken.jpg", "gone.jpg"):
        watch.put(b"bad", name)
    watch.until(*(watch.failed / f"{each}.jpg" for each in ("sub/mended", "still bad", "taken", "gone")))
    until(lambda: set(states(watch).values()) == {1} and {state for _, state in states(watch)} == {"failed"})
    for name in ("sub/mended.jpg", "taken.jpg"):
        (watch.failed / name).write_bytes(picture(1))
    watch.put(picture(2), "taken.jpg")
    watch.until(*watch.results("taken"))
    (watch.failed / "gone.jpg").unlink()

    ran = watch.run("retry")
    assert ran.returncode == 1
    assert b"gone.jpg: cannot be tried again" in ran.stderr
    watch.until(*watch.results("sub/mended"), *watch.results("taken-2"))
    until(lambda: states(watch)["still bad.jpg", "failed"] == 1 and (watch.failed / "still bad.jpg.error.txt").exists())
    assert watch.stop() == 0
    assert not list((watch.failed / "sub").iterdir())
    assert sorted(each.name for each in watch.dropped.iterdir()) == ["sub", "taken-2.jpg", "taken.jpg"]
    assert watch.run("retry", watch.home / "nothing.jpg").returncode == 1


def test_retry_before_the_next_start(watch: Watching) -> None:
    watch.configure(QUICK, done="delete")
    watch.put(b"bad", "a.jpg")
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(30) == 1
    (watch.failed / "a.jpg").write_bytes(picture())
    assert watch.run("retry", watch.failed / "a.jpg.error.txt").returncode == 0
    watch.start("--once")
    assert watch.process.wait(30) == 0
    assert all(each.exists() for each in watch.results("a"))
    assert not list(watch.failed.iterdir())
    assert not list(watch.dropped.iterdir())
