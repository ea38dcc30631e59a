"""`bshm jobs`, on ledgers as `bshm watch` leaves them."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.commands import main
from tests.daemon.commands.ledgers import Watched

ROOT = Path(__file__).parents[3]


class Ran(NamedTuple):
    """How a run ended: exit code, standard output without times, standard error."""

    code: int
    out: list[str]
    err: str


Jobs = Callable[..., Ran]


@pytest.fixture
def jobs(capsys: pytest.CaptureFixture[str]) -> Jobs:
    def run(*words: str) -> Ran:
        code = main(["jobs", *words])
        out, err = capsys.readouterr()
        return Ran(code, [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", "", each) for each in out.splitlines()], err)

    return run


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path.resolve())
    yield made
    made.ledger.close()


def test_each_is_a_line_and_the_newest_is_the_last(watched: Watched, jobs: Jobs) -> None:
    top = watched.top
    watched.done("a.jpg")
    watched.failed("b.jpg")
    watched.put_off("c.url", 300)
    watched.working("d.jpg")
    watched.dropped("e.jpg")
    ran = jobs()
    assert (ran.code, ran.err) == (0, "")
    assert [re.sub(r"\d\d:\d\d:\d\d", "TIME", each) for each in ran.out] == [
        f"done  {top}/in/a.jpg  {top}/out/a.cutout.png (2 people, 1.3 s)",
        f"failed  {top}/in/b.jpg  the picture is damaged: half of it is missing. Copy it once more. It was moved to "
        f"{top}/failed/b.jpg.",
        f"waiting  {top}/in/c.url  the picture cannot be fetched: the server is busy. It is tried again at TIME.",
        f"under way  {top}/in/d.jpg",
        f"waiting  {top}/in/e.jpg",
    ]


def test_one_person_and_results_that_were_there(watched: Watched, jobs: Jobs) -> None:
    watched.done("a.jpg", people=1)
    job = watched.done("b.jpg")
    watched.ledger.publish(job.id, [])
    watched.ledger.change(job.id, state="done", summary={"skipped": True})
    assert jobs().out[0].endswith("(1 person, 1.3 s)")
    assert jobs().out[1].endswith("b.jpg  its results are there already")


def test_what_failed_alone(watched: Watched, jobs: Jobs) -> None:
    for name in ("a.jpg", "b.jpg"):
        watched.done(name)
    watched.failed("c.jpg")
    watched.put_off("d.url", 300)
    watched.dropped("e.jpg")
    assert [each.split()[1].rpartition("/")[2] for each in jobs("--failed").out] == ["c.jpg", "d.url"]


def test_what_was_put_back(watched: Watched, jobs: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    job = watched.failed("c.jpg")
    assert main(["retry"]) == 0
    capsys.readouterr()
    assert jobs("--failed") == (0, [], "No picture failed.\n")
    assert jobs().out == [f"left  {job.path}  put back to be tried again"]


def test_the_last_fifty_unless_all_are_asked_for(watched: Watched, jobs: Jobs) -> None:
    for number in range(60):
        watched.dropped(f"{number:02}.jpg")
    assert [len(jobs().out), len(jobs("--all").out)] == [50, 60]
    assert jobs().out[-1].endswith("59.jpg")
    assert len(json.loads("\n".join(jobs("--json").out))) == 50


def test_for_programs(watched: Watched, jobs: Jobs) -> None:
    name = os.fsdecode("照片 \u202e".encode() + b"\xff\n.jpg")
    done, failed = watched.done(name), watched.failed("b.jpg")
    ran = jobs("--json")
    assert (ran.code, ran.err) == (0, "")
    first, second = json.loads("\n".join(ran.out))
    assert first["file"] == {"name": "照片 \\u202e\\xff\\n.jpg", "uri": done.path.as_uri()}
    assert first["outputs"]["cutout"]["uri"] == done.outputs[0].path.as_uri()
    assert (first["state"], first["people"], first["seconds"], first["error"]) == ("done", 2, 1.26, None)
    assert (second["state"], second["attempts"]) == ("failed", 1)
    assert second["error"] == {
        "what": "the picture is damaged",
        "why": "half of it is missing",
        "remedy": "Copy it once more",
    }
    assert failed.original
    assert second["original"]["uri"] == failed.original.as_uri()
    assert datetime.fromisoformat(second["ended"]).timestamp() == pytest.approx(failed.ended, abs=0.01)
    assert second["next_try"] is None


def test_names_do_nothing_to_what_reads_them(watched: Watched, jobs: Jobs) -> None:
    watched.dropped("\x1b[2J\n.jpg")
    (line,) = jobs().out
    assert line.endswith("in/\\x1b[2J\\n.jpg")


def test_where_nothing_was_watched(jobs: Jobs) -> None:
    ran = jobs()
    assert (ran.code, ran.out) == (0, [])
    assert ran.err.startswith("Nothing was watched yet: there is no ledger at ")
    assert jobs("--json") == (0, ["[]"], "")


def test_where_nothing_was_dropped(watched: Watched, jobs: Jobs) -> None:
    assert jobs() == (0, [], "No picture was dropped yet.\n")


def test_while_a_change_is_under_way(watched: Watched, jobs: Jobs) -> None:
    """Two processes have the ledger open, as with `bshm watch`."""
    watched.done("a.jpg")
    watched.ledger.take([watched.folder.watch], 0)
    assert len(jobs().out) == 1
    watched.dropped("b.jpg")
    assert len(jobs().out) == 2


def test_a_table_on_a_terminal(watched: Watched) -> None:
    watched.done("a.jpg")
    watched.failed("b.jpg")
    shown = on_a_terminal("jobs")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", each).split() for each in shown.splitlines()]
    assert lines[0] == ["time", "state", "file", "what", "came", "of", "it", "people", "seconds"]
    top = str(watched.top)
    assert lines[1][2:] == ["done", f"{top}/in/a.jpg", f"{top}/out/a.cutout.png", "2", "1.3"]
    assert lines[2][2:4] == ["failed", f"{top}/in/b.jpg"]


def on_a_terminal(*words: str) -> str:
    """All that `bshm` writes there."""
    ours, theirs = pty.openpty()
    code = f"import sys; from daemon.commands import main; sys.exit(main({list(words)!r}))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "400"}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                part = os.read(ours, 100_000)
            except OSError:  # Linux: the other end was closed
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode()
