"""Where originals and results of `bshm watch` come to lie, and under which names."""

from __future__ import annotations

from pathlib import Path

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import QUICK, Watching
from tests.engine.server.live import until


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


def test_originals_are_kept_deleted_or_moved_as_config_says(watch: Watching, another_disk: Path) -> None:
    moved, across, deleted = (watch.home / each for each in ("moved", "across", "deleted"))
    done = {moved: watch.home / "done", across: another_disk / "done", deleted: "delete"}
    folders = [
        {
            "watch": each,
            "output": watch.home / f"out-{each.name}",
            "failed": watch.home / f"bad-{each.name}",
            "done": to,
        }
        for each, to in done.items()
    ]
    watch.configure(QUICK, *folders)
    older = watch.put(b"somebody's own", "sub/a.jpg", watch.home / "done")
    for each in (watch.dropped, *done):
        watch.put(picture(1), "sub/a.jpg", each)
        watch.put(picture(2), "b.jpg", each)
        watch.put(b"bad", "sub/deep/bad.jpg", each)
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 1

    for name in ("out", *(f"out-{each.name}" for each in done)):
        assert files(watch.home / name) == files_of("b", "sub/a")
    for name in ("failed", *(f"bad-{each.name}" for each in done)):
        assert files(watch.home / name) == ["sub/deep/bad.jpg", "sub/deep/bad.jpg.error.txt"]
    assert files(watch.dropped) == ["b.jpg", "sub/a.jpg"]
    assert files(moved) == files(across) == files(deleted) == []
    assert files(watch.home / "done") == ["b.jpg", "sub/a-2.jpg", "sub/a.jpg"]
    assert older.read_bytes() == b"somebody's own"
    assert (watch.home / "done/sub/a-2.jpg").read_bytes() == picture(1)
    assert files(another_disk) == ["done/b.jpg", "done/sub/a.jpg"]
    assert (another_disk / "done/b.jpg").read_bytes() == picture(2)


def files_of(*bases: str) -> list[str]:
    return sorted(f"{base}.{kind}" for base in bases for kind in ("cutout.png", "matte.png", "report.json"))


def test_results_of_the_same_name_are_met_as_config_says(watch: Watching) -> None:
    skip, overwrite = (
        {"watch": watch.home / each, "output": watch.home / f"out-{each}", "conflict": each}
        for each in ("skip", "overwrite")
    )
    watch.configure(QUICK, skip, overwrite)
    for folder, out in ((watch.dropped, watch.out), *((each["watch"], each["output"]) for each in (skip, overwrite))):
        watch.put(picture(), "a.jpg", Path(str(folder)))
        watch.put(b"somebody's own", "a.cutout.png", Path(str(out)))
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 0
    own = b"somebody's own"
    assert files(watch.out) == ["a-2.cutout.png", "a-2.matte.png", "a-2.report.json", "a.cutout.png"]
    assert (watch.out / "a.cutout.png").read_bytes() == own
    assert files(watch.home / "out-skip") == files_of("a")
    assert (watch.home / "out-skip" / "a.cutout.png").read_bytes() == own
    assert files(watch.home / "out-overwrite") == files_of("a")
    assert (watch.home / "out-overwrite" / "a.cutout.png").read_bytes().startswith(b"\x89PNG")


def test_two_pictures_never_share_a_result(watch: Watching) -> None:
    """Of one stem, of one name in two folders with one output, of one name one after the other."""
    other = watch.home / "other"
    watch.configure(QUICK, {"watch": other, "output": watch.out}, done="delete")
    names = ["a.jpg", "a.png", "b.jpg"]
    for number, name in enumerate(names):
        watch.put(picture(number), name)
    watch.put(picture(3), "b.jpg", other)
    watch.start()
    until(lambda: len(files(watch.out)) == 12)
    until(lambda: files(watch.dropped) == [])
    watch.put(picture(4), "b.jpg")
    until(lambda: len(files(watch.out)) == 15)
    until(lambda: files(watch.dropped) == [])
    assert watch.stop() == 0
    jobs = watch.jobs()
    assert [each["state"] for each in jobs] == ["done"] * 5
    outputs = [each["uri"] for job in jobs for each in job["outputs"].values()]
    assert sorted(Path(each).name for each in outputs) == files(watch.out)
    assert {"a.cutout.png", "b.cutout.png"} < set(files(watch.out))


def test_a_full_folder_starves_no_other(watch: Watching) -> None:
    other = watch.home / "other"
    watch.configure(QUICK, {"watch": other, "output": watch.home / "out-other"})
    for number in range(12):
        watch.put(picture(number), f"{number}.jpg")
    for number in range(2):
        watch.put(picture(number), f"{number}.jpg", other)
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 0
    jobs = sorted(watch.jobs(), key=lambda job: job["ended"])
    places = [place for place, job in enumerate(jobs) if job["folder"]["name"] == "other"]
    assert len(jobs) == 14
    assert max(places) < 9, places
