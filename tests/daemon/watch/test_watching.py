"""`bshm watch` as a user meets it: a real process, a real engine, real files."""

from __future__ import annotations

import json
import os

from tests.daemon.watch.watching import Watching
from tests.engine.server.live import ROOT, until

PHOTO = ROOT / "docs" / "images" / "astronaut.jpg"


def test_a_dropped_photo_comes_out_cut_out(watch: Watching) -> None:
    watch.start()
    photo = watch.drop(PHOTO, "astronaut.jpg")
    watch.until(*watch.results("astronaut"))
    report = json.loads(watch.results("astronaut")[2].read_text(encoding="utf-8"))
    assert report["input"]["name"] == "astronaut.jpg"
    assert len(report["people"]) == 1
    assert photo.read_bytes() == PHOTO.read_bytes()
    (job,) = watch.jobs()
    assert job["state"] == "done"
    assert watch.stop() == 0
    assert sorted(os.listdir(watch.out)) == [each.name for each in watch.results("astronaut")]  # noqa: PTH208


def test_once_ends_when_all_is_done(watch: Watching) -> None:
    watch.drop(PHOTO, "a.jpg")
    watch.start("--once", PHOTO)
    assert watch.process
    assert watch.process.wait(60) == 0
    assert all(each.exists() for base in ("a", "astronaut") for each in watch.results(base))


def test_a_bad_file_fails_alone_with_its_reason(watch: Watching) -> None:
    watch.start()
    (watch.dropped / "bad.jpg").write_bytes(b"no picture")
    watch.drop(PHOTO, "good.jpg")
    watch.until(watch.failed / "bad.jpg", watch.failed / "bad.jpg.error.txt", *watch.results("good"))
    until(lambda: not (watch.dropped / "bad.jpg").exists())
    assert "bshm retry" in (watch.failed / "bad.jpg.error.txt").read_text(encoding="utf-8")
