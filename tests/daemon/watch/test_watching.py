"""`bshm watch` as a user meets it: a real process, a real engine, real files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.watch.watching import Watching, watching
from tests.engine.server.live import ROOT, Live, live, until

PHOTO = ROOT / "docs" / "images" / "astronaut.jpg"


@pytest.fixture(scope="module")
def engine() -> Iterator[Live]:
    with live("quality: fast\nlinks:\n  allow_private: true\n") as one:
        yield one


@pytest.fixture
def watch(engine: Live) -> Iterator[Watching]:
    with watching(BSHM_SOCKET=str(engine.address)) as one:
        yield one


def results(watch: Watching, base: str) -> list[Path]:
    return [watch.out / f"{base}.{kind}" for kind in ("cutout.png", "matte.png", "report.json")]


def test_a_dropped_photo_comes_out_cut_out(watch: Watching) -> None:
    watch.start()
    photo = watch.drop(PHOTO, "astronaut.jpg")
    watch.until(*results(watch, "astronaut"))
    report = json.loads(results(watch, "astronaut")[2].read_text(encoding="utf-8"))
    assert report["input"]["name"] == "astronaut.jpg"
    assert len(report["people"]) == 1
    assert photo.read_bytes() == PHOTO.read_bytes()
    (job,) = watch.jobs()
    assert job["state"] == "done"
    assert watch.stop() == 0
    assert sorted(os.listdir(watch.out)) == [each.name for each in results(watch, "astronaut")]  # noqa: PTH208


def test_once_ends_when_all_is_done(watch: Watching) -> None:
    watch.drop(PHOTO, "a.jpg")
    watch.start("--once", PHOTO)
    assert watch.process
    assert watch.process.wait(60) == 0
    assert all(each.exists() for base in ("a", "astronaut") for each in results(watch, base))


def test_a_bad_file_fails_alone_with_its_reason(watch: Watching) -> None:
    watch.start()
    (watch.dropped / "bad.jpg").write_bytes(b"no picture")
    watch.drop(PHOTO, "good.jpg")
    watch.until(watch.failed / "bad.jpg", watch.failed / "bad.jpg.error.txt", *results(watch, "good"))
    until(lambda: not (watch.dropped / "bad.jpg").exists())
    assert "bshm retry" in (watch.failed / "bad.jpg.error.txt").read_text(encoding="utf-8")
