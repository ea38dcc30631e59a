"""What `bshm watch` shows on a terminal, in a pipe and in the journal, by a process of its own; and its log file."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.watch.display import sentence_of
from daemon.watch.hot_folder import Stamp
from daemon.watch.job import Job, Output, Problem, State

ROOT = Path(__file__).parents[3]
BUSY = Problem("https://example.org/c.jpg: cannot be fetched", "the server is busy")
DAMAGED = Problem("/photos/in/b.jpg: damaged", "half of it is missing", "Copy it once more")

# What the process does.
SCRIPT = """
import sys
from pathlib import Path
from daemon.watch.display import showing
from daemon.watch.job import State
from tests.daemon.watch.test_display import BUSY, DAMAGED, job

with showing() as display:
    display.said("Watching 2 folders.")
    display.waits(lambda: 3)
    display.begun(job(State.WORKING))
    display.begun(job(State.WORKING, 2, "b.jpg"))
    display.ended(job(State.DONE))
    display.ended(job(State.FAILED, 2, "b.jpg", DAMAGED))
    for _ in range(2):
        display.ended(job(State.WAITING, 3, "sub/c.url", BUSY))
    display.ended(job(State.WORKING, 4, "touched.jpg"))
    try:
        raise OSError(5, "Input/output error")
    except OSError as error:
        display.warned("The disk is full.", error)
    display.said("Stopped.")
"""


def job(state: State, number: int = 1, name: str = "a\udcff\x1b.jpg", error: Problem | None = None) -> Job:
    summary = {"people": 2, "seconds": 1.26, "warnings": ["A thumbnail?"]} if state is State.DONE else {}
    return Job(
        id=number,
        folder=Path("/photos/in"),
        name=name,
        filesystem="ext4",
        present=True,
        stamp=Stamp(1, 2, 3),
        hash=None,
        state=state,
        attempts=1,
        due=1_800_000_000.0,
        error=error,
        verdict=None,
        placed=False,
        original=Path(f"/photos/failed/{name}") if state is State.FAILED else None,
        earlier=None,
        summary=summary,
        queued=1.0,
        began=2.0,
        ended=3.0,
        outputs=(Output("cutout", Path(f"/photos/out/{name}.cutout.png"), 1, False),) if summary else (),
    )


class Ran(NamedTuple):
    """What a process wrote. code: its exit code. log: its log file, without times."""

    code: int
    out: bytes
    err: str
    log: list[str]


def environment(tmp_path: Path) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "TERM": "xterm", "PATH": os.environ["PATH"]}


def log_of(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "bshm" / "log" / "watch.log").read_text(encoding="utf-8").splitlines()
    return [re.sub(r"^time=\S+ ", "", each) for each in lines]


def piped(tmp_path: Path, script: str = SCRIPT, **variables: str) -> Ran:
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path) | variables,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr.decode(), log_of(tmp_path))


def on_a_terminal(tmp_path: Path, columns: int = 120, out: int | None = None) -> Ran:
    """All that the process writes to a terminal of this width; out: where standard output goes instead."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env=environment(tmp_path),
        stdin=theirs,
        stdout=theirs if out is None else out,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 100_000)
            except OSError:  # Linux: the other end was closed
                break
            shown += part
    os.close(ours)
    return Ran(process.returncode, b"", shown.decode(), log_of(tmp_path))


LOG = [
    'level=info msg="Watching 2 folders."',
    r'level=info msg="picture done" job=1 file="/photos/in/a\udcff\x1b.jpg" people=2 seconds=1.26 '
    r'results="a\\xff\\x1b.jpg.cutout.png"',
    'level=warning msg="picture failed" job=2 file=/photos/in/b.jpg why="/photos/in/b.jpg: damaged: half of it is '
    'missing. Copy it once more." attempts=1 results=""',
    'level=warning msg="picture waits for another try" job=3 file=/photos/in/sub/c.url '
    'why="https://example.org/c.jpg: cannot be fetched: the server is busy." attempts=1 results=""',
    'level=warning msg="The disk is full." error="OSError: [Errno 5] Input/output error"',
    "level=info msg=Stopped.",
]
DONE = r"in/a\xff\x1b.jpg: 2 people, 1.3 s. A thumbnail?"
UNREACHED = "https://example.org/c.jpg: cannot be fetched: the server is busy."
FAILED = "/photos/in/b.jpg: damaged: half of it is missing. Copy it once more. It was moved to /photos/failed/b.jpg."


def plain(text: str) -> list[str]:
    """Lines of a terminal without what draws them."""
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", each).rpartition("\r")[2] for each in text.split("\r\n")]


class TestInAPipe:
    def test_each_picture_is_a_line(self, tmp_path: Path) -> None:
        ran = piped(tmp_path)
        assert ran.code == 0
        lines = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", each) for each in ran.err.splitlines()]
        assert [re.sub(r"at \d\d:\d\d:\d\d", "at TIME", each) for each in lines] == [
            "Watching 2 folders.",
            rf"{DONE} -> a\xff\x1b.jpg.cutout.png",
            FAILED,
            f"in/sub/c.url: {UNREACHED} It is tried again at TIME.",
            "The disk is full.",
            "Stopped.",
        ]
        assert ran.err.startswith("20")

    def test_results_are_on_standard_output_in_their_own_bytes(self, tmp_path: Path) -> None:
        assert piped(tmp_path).out == b"/photos/out/a\xff\\x1b.jpg.cutout.png\n"

    def test_all_is_in_the_log_file_and_tracebacks_there_alone(self, tmp_path: Path) -> None:
        ran = piped(tmp_path)
        assert [each for each in ran.log if each.startswith("level")] == LOG
        assert any(each.startswith("    Traceback") for each in ran.log)
        assert "Traceback" not in ran.err

    def test_a_log_file_that_cannot_be_written_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "bshm").write_text("a file")
        ran = subprocess.run([sys.executable, "-c", SCRIPT], env=environment(tmp_path), capture_output=True, check=True)
        assert f"the log file cannot be written ({tmp_path}/bshm/log/watch.log, " in ran.stderr.decode()
        assert b"Stopped." in ran.stderr

    @pytest.mark.parametrize("to", ["closed", "/dev/full"])
    def test_results_that_nobody_takes_do_not_end_the_work(self, to: str, tmp_path: Path) -> None:
        if to == "closed":
            reader, writer = os.pipe()
            os.close(reader)
        else:
            writer = os.open(to, os.O_WRONLY)
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env=environment(tmp_path),
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
        assert ran.returncode == 0
        assert ran.stderr.count(b"Standard output takes no more") == 1
        assert b"Stopped." in ran.stderr
        assert b"Traceback" not in ran.stderr

    def test_no_standard_streams_at_all(self, tmp_path: Path) -> None:
        script = f"import sys\nsys.stdout = sys.stderr = None\n{SCRIPT}"
        ran = piped(tmp_path, script)
        assert (ran.code, ran.out, ran.err) == (0, b"", "")
        assert [each for each in ran.log if each.startswith("level")] == LOG


class TestInTheJournal:
    def test_it_is_quiet(self, tmp_path: Path) -> None:
        """Warnings, errors, start and stop, with priorities that journald takes off again; no result either."""
        reader, writer = os.pipe()
        found = os.fstat(writer)
        stream = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        variables = environment(tmp_path) | stream
        subprocess.run([sys.executable, "-c", SCRIPT], env=variables, stdout=writer, stderr=writer, check=True)
        os.close(writer)
        with os.fdopen(reader) as journal:
            lines = [re.sub(r"time=\S+ level=\w+ ", "", each) for each in journal.read().splitlines()]
        assert [each[: each.index('"', 8)] if '"' in each else each for each in lines] == [
            '<6>msg="Watching 2 folders.',
            '<4>msg="picture failed',
            '<4>msg="picture waits for another try',
            '<4>msg="The disk is full.',
            "<6>msg=Stopped.",
        ]
        assert [each for each in log_of(tmp_path) if each.startswith("level")] == LOG


class TestOnATerminal:
    def test_a_live_line_with_the_pictures_above_it(self, tmp_path: Path) -> None:
        ran = on_a_terminal(tmp_path)
        assert ran.code == 0
        lines = plain(ran.err)
        for each in (
            "Watching 2 folders.",
            DONE,
            r"/photos/out/a\xff\x1b.jpg.cutout.png",
            FAILED,
            "The disk is full.",
        ):
            assert each in lines
        assert lines.index(DONE) < lines.index(r"/photos/out/a\xff\x1b.jpg.cutout.png") < lines.index(FAILED)
        for each in (
            "0 done, 3 waiting",
            r"0 done, 3 waiting, 0 in the last minute, now: in/a\xff\x1b.jpg, in/b.jpg",
            "1 done, 3 waiting, 1 in the last minute, now: in/b.jpg",
            "1 done, 3 waiting, 1 failed",
        ):
            assert each in ran.err

    def test_it_is_gone_at_the_end(self, tmp_path: Path) -> None:
        assert on_a_terminal(tmp_path).err.endswith("\x1b[2K")

    def test_a_narrow_one_cuts_the_live_line_and_no_path(self, tmp_path: Path) -> None:
        ran = on_a_terminal(tmp_path, columns=30)
        assert FAILED in plain(ran.err)
        assert "0 done, 3 waiting, 0 in the l…" in ran.err

    def test_results_that_go_elsewhere_are_named_in_the_line(self, tmp_path: Path) -> None:
        with (tmp_path / "list").open("wb") as stream:
            ran = on_a_terminal(tmp_path, out=stream.fileno())
        assert (tmp_path / "list").read_bytes() == b"/photos/out/a\xff\\x1b.jpg.cutout.png\n"
        assert rf"{DONE} -> a\xff\x1b.jpg.cutout.png" in plain(ran.err)

    def test_nothing_is_drawn_where_nothing_happens(self, tmp_path: Path) -> None:
        """No thread redraws: an idle watch takes no time of the processor."""
        script = (
            "import threading\nfrom daemon.watch.live import Live\nwith Live():\n    print(threading.active_count())"
        )
        ran = subprocess.run([sys.executable, "-c", script], env=environment(tmp_path), capture_output=True, check=True)
        assert ran.stdout == b"1\n"

    def test_a_terminal_that_is_closed_does_not_end_the_work(self, tmp_path: Path) -> None:
        ours, theirs = pty.openpty()
        before = "import signal, sys\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nsys.stdin.readline()\n"
        with subprocess.Popen(
            [sys.executable, "-c", before + SCRIPT],
            env=environment(tmp_path),
            stdin=subprocess.PIPE,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            os.close(ours)
            process.communicate(b"\n", timeout=60)
        assert [each for each in log_of(tmp_path) if each.startswith("level")][-1] == LOG[-1]


def test_what_came_of_a_job() -> None:
    assert sentence_of(job(State.DONE)) == "2 people, 1.3 s"
    assert sentence_of(job(State.WORKING)) == ""
    assert sentence_of(job(State.FAILED, error=BUSY)) == UNREACHED
