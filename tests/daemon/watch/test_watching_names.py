"""What `bshm watch` takes by name and kind, and names in any bytes from the hot folder to the results."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from tests.daemon.watch.pictures import picture
from tests.daemon.watch.watching import Watching
from tests.engine.server.live import until


def path_of(uri: str) -> bytes:
    return unquote_to_bytes(urlsplit(uri).path)


def test_links_lead_nowhere_outside_and_what_is_no_picture_stays(watch: Watching) -> None:
    outside = watch.put(picture(1), "secret.jpg", watch.home / "elsewhere")
    drop = watch.dropped
    watch.start()
    watch.put(picture(2), "real.jpg")
    (drop / "inside.jpg").symlink_to("real.jpg")
    (drop / "leads-out.jpg").symlink_to(outside)
    (drop / "folder-outside").symlink_to(outside.parent)
    (drop / "dangling.jpg").symlink_to("nothing.jpg")
    (drop / "circle.jpg").symlink_to("circle.jpg")
    os.mkfifo(drop / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(drop / "socket.jpg"))
        for name in (
            *(".hidden.jpg", "._real.jpg", "real.jpg.xmp", "real.xmp", "Thumbs.db", "notes.txt", "~$real.jpg"),
            *("real.jpg~", "other.jpg.part", "@eaDir/real.jpg", ".Trash-1000/files/x.jpg", ".thumbnails/y.png"),
        ):
            watch.put(picture(3), name)
        watch.put(picture(4), "folder.jpg/in it.jpg")
        watch.put(picture(5), "LAST.JPEG", drop / "sub")
        done = ("real", "inside", "folder.jpg/in it", "sub/LAST")
        watch.until(*(path for base in done for path in watch.results(base)))
        assert watch.stop() == 0
    jobs = watch.jobs()
    assert sorted(each["file"]["name"] for each in jobs) == ["LAST.JPEG", "in it.jpg", "inside.jpg", "real.jpg"]
    assert {each["state"] for each in jobs} == {"done"}
    assert (drop / "leads-out.jpg").is_symlink()
    assert not watch.failed.exists()


def test_names_in_any_bytes(watch: Watching) -> None:
    names = [
        *(b"\xff\xfe.jpg", b"new\nline.jpg", b"\x1b[2J\x1b]0;x\x07.jpg", b"-dash.jpg", b" ' \" $(x) `y` \\ .jpg"),
        "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{GIRL} \N{RIGHT-TO-LEFT OVERRIDE}gpj.jpg".encode(),
        b"\xff" * 251 + b".jpg",
        "\N{LATIN SMALL LETTER E WITH ACUTE}t\N{LATIN SMALL LETTER E WITH ACUTE}.jpg".encode(),
        "e\N{COMBINING ACUTE ACCENT}te\N{COMBINING ACUTE ACCENT}.jpg".encode(),
    ]
    for number, name in enumerate(names):
        watch.put(picture(number), os.fsdecode(b"f\xf6lder/" + name))
        watch.put(b"bad", os.fsdecode(b"bad/" + name))
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 1

    out = os.listdir(os.fsencode(watch.out / os.fsdecode(b"f\xf6lder")))  # noqa: PTH208  # bytes
    assert len(out) == 3 * len(names)
    for name in names:
        if len(name) < 200:
            assert {name[:-4] + each for each in (b".cutout.png", b".matte.png", b".report.json")} < set(out)
    failed = set(os.listdir(os.fsencode(watch.failed / "bad")))  # noqa: PTH208
    assert set(names) < failed
    assert len(failed) == 2 * len(names)

    jobs = watch.jobs()
    assert {path_of(each["file"]["uri"]) for each in jobs} == {
        os.fsencode(watch.dropped) + b"/" + folder + name for name in names for folder in (b"f\xf6lder/", b"bad/")
    }
    for job in jobs:
        assert all(os.path.lexists(path_of(each["uri"])) for each in job["outputs"].values())
        assert re.fullmatch(r"[^\x00-\x1f\x7f-\x9f\u202e\udc80-\udcff]+", job["file"]["name"])
        if job["state"] == "done":
            report = json.loads(Path(os.fsdecode(path_of(job["outputs"]["report"]["uri"]))).read_bytes())
            assert report["input"] == job["file"]
    results = (watch.home / "stdout").read_bytes().splitlines()
    assert len(results) == 3 * len(names)
    assert sum(os.path.lexists(each) for each in results) == len(results) - 2 * 3  # line breaks and codes are escaped
    for text in (watch.log, (watch.home / "state/bshm/log/watch.log").read_text(encoding="utf-8")):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\udc80-\udcff]", text)
        for line in text.splitlines():
            assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d |time=|    ", line), line


def test_a_hostile_name_is_safe_in_what_bshm_jobs_says(watch: Watching) -> None:
    watch.put(b"bad", os.fsdecode(b"\x1b[2J\n\xff.jpg"))
    watch.start("--once")
    assert watch.process
    assert watch.process.wait(60) == 1
    until(lambda: len(watch.jobs()) == 1)
    listed = watch.run("jobs").stdout
    assert listed.count(b"\n") == 1
    assert rb"\x1b[2J\n\xff.jpg" in listed
