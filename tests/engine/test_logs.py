"""The engine's log: one harmless line a record; tracebacks in the file alone."""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.logs import Logfmt, Stderr, fields, harmless, log, logging_by, logging_to


def line_of(formatter: logging.Formatter | None = None, level: int = logging.INFO, **values: object) -> str:
    record = log.makeRecord(log.name, level, "", 0, "picture done", (), None, extra=fields(**values))
    return (formatter or Logfmt()).format(record)


def said(line: str) -> str:
    """The line without its time."""
    return line.partition(" ")[2]


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "engine.log"


class TestLines:
    def test_a_line_tells_time_level_message_and_fields(self) -> None:
        line = line_of(job="a.1", seconds=1.25, people=3, urgent=True, network=None)
        assert said(line) == 'level=info msg="picture done" job=a.1 seconds=1.25 people=3 urgent=true network=null'

    def test_the_time_has_its_zone(self) -> None:
        time = re.match("time=([^ ]+) ", line_of())
        assert time
        assert datetime.fromisoformat(time[1]).tzinfo is not None

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("", '""'),
            ("two words", '"two words"'),
            ("a=b", '"a=b"'),
            ('say "no"', r'"say \"no\""'),
            ("C:\\new", r'"C:\\new"'),
            ("a\nlevel=error", r'"a\nlevel=error"'),
            ("\x1b[31m", r'"\x1b[31m"'),
            ("\u2028", r'"\u2028"'),
            ("\u202e", r'"\u202e"'),
            ("Grüße", '"Grüße"'),
            (b"Gr\xfc\xdfe", r'"Gr\udcfc\udcdfe"'),
            (Path("a/b.jpg"), "a/b.jpg"),
        ],
    )
    def test_values_that_are_no_plain_words_are_quoted(self, value: object, written: str) -> None:
        assert line_of(name=value).endswith(f" name={written}")

    @given(st.text() | st.binary())
    def test_whatever_is_in_a_value_its_line_is_one_line_of_text(self, value: str | bytes) -> None:
        line = line_of(name=value)
        assert line.isprintable()
        assert line.encode("utf-8")

    @given(st.text(alphabet=st.characters(codec="utf-8")))
    def test_a_quoted_value_can_be_read_back(self, value: str) -> None:
        written = line_of(name=value).partition(" name=")[2]
        quoted = written.startswith('"')
        text = written[1:-1] if quoted else written
        unescaped = re.sub(
            r"\\(x..|u....|U.{8}|.)", lambda m: m[0].encode().decode("unicode_escape"), text, flags=re.DOTALL
        )
        assert unescaped == value

    @pytest.mark.parametrize(
        ("level", "number"),
        [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.DEBUG, 7)],
    )
    def test_for_the_journal_a_line_begins_with_its_priority(self, level: int, number: int) -> None:
        assert line_of(Logfmt(priorities=True), level).startswith(f"<{number}>time=")


class TestTracebacks:
    def fail(self) -> None:
        try:
            int("a\nb")
        except ValueError:
            log.exception("a request failed", extra=fields(job="j1"))

    def test_the_terminal_reads_the_error_and_no_traceback(self, terminal: io.StringIO, file: Path) -> None:
        with logging_to(terminal, file):
            self.fail()
        error = r"ValueError: invalid literal for int() with base 10: 'a\\nb'"
        assert said(terminal.getvalue()) == f'level=error msg="a request failed" job=j1 error="{error}"\n'

    def test_the_file_has_it_below_the_line_with_the_job(self, terminal: io.StringIO, file: Path) -> None:
        with logging_to(terminal, file):
            self.fail()
        first, *trace = file.read_text(encoding="utf-8").splitlines()
        assert first == terminal.getvalue().rstrip("\n")
        assert trace[0] == "    Traceback (most recent call last):"
        assert all(each.startswith("    ") for each in trace)
        assert trace[-1] == "    ValueError: invalid literal for int() with base 10: 'a\\nb'"

    def test_a_traceback_that_came_as_text_is_treated_the_same(self, terminal: io.StringIO, file: Path) -> None:
        with logging_to(terminal, file):
            log.error("a picture failed", extra=fields(job="j2", trace="Traceback\n  line\x1b\nKeyError: 1"))
        assert said(terminal.getvalue()) == 'level=error msg="a picture failed" job=j2\n'
        assert file.read_text(encoding="utf-8").splitlines()[1:] == [
            "    Traceback",
            "      line\\x1b",
            "    KeyError: 1",
        ]


class TestDestinations:
    def test_libraries_are_heard_from_warnings_on(self, terminal: io.StringIO) -> None:
        with logging_to(terminal):
            logging.getLogger("uvicorn.error").info("started")
            logging.getLogger("asyncio").warning("slow callback")
            log.info("ready")
        assert [said(line) for line in terminal.getvalue().splitlines()] == [
            'level=warning msg="slow callback"',
            "level=info msg=ready",
        ]

    def test_afterwards_nothing_is_left(self, terminal: io.StringIO, file: Path) -> None:
        before = (logging.getLogger().handlers[:], log.level)
        with logging_to(terminal, file):
            pass
        log.error("too late")
        assert (logging.getLogger().handlers, log.level) == before
        assert terminal.getvalue() == ""
        assert file.read_text(encoding="utf-8") == ""

    @pytest.mark.parametrize("before", [False, True], ids=["new", "as another version left it"])
    def test_the_file_is_this_users_alone(self, terminal: io.StringIO, file: Path, before: bool) -> None:
        mask = os.umask(0o022)
        try:
            if before:
                file.parent.mkdir(mode=0o700)
                file.touch()
            with logging_to(terminal, file):
                log.info("a picture is done", extra=fields(picture="private.jpg"))
        finally:
            os.umask(mask)
        assert (file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)

    def test_a_folder_that_was_there_keeps_its_mode(self, terminal: io.StringIO, file: Path) -> None:
        file.parent.mkdir()
        file.parent.chmod(0o755)
        with logging_to(terminal, file):
            pass
        assert file.parent.stat().st_mode & 0o777 == 0o755

    def test_so_are_those_that_come_after_it(
        self, terminal: io.StringIO, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.logs._BYTES", 200)
        with logging_to(terminal, file):
            for _ in range(9):
                log.info("a picture is done")
        files = sorted(file.parent.iterdir())
        assert len(files) == 4
        assert {each.stat().st_mode & 0o777 for each in files} == {0o600}

    def test_a_file_that_cannot_be_opened_is_said_and_the_engine_goes_on(
        self, terminal: io.StringIO, tmp_path: Path
    ) -> None:
        (tmp_path / "log").write_text("a file where the folder should be")
        with logging_to(terminal, tmp_path / "log" / "engine.log"):
            log.info("ready")
        first, second = terminal.getvalue().splitlines()
        assert "the log file cannot be written" in first
        assert said(second) == "level=info msg=ready"

    def test_a_full_disk_is_said_once_and_without_a_traceback(self, terminal: io.StringIO) -> None:
        with logging_to(terminal, Path("/dev/full")):
            log.info("one")
            log.info("two")
        lines = [said(line) for line in terminal.getvalue().splitlines()]
        assert lines == [
            "level=info msg=one",
            'level=error msg="the log file cannot be written" file=/dev/full why="no space left on device"',
            "level=info msg=two",
        ]

    def test_standard_error_that_is_closed_stops_nothing(self, file: Path) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w", buffering=1) as closed, logging_to(closed, file):
            log.info("one")
            log.info("two")
            os.dup2(os.open(os.devnull, os.O_WRONLY), writer)
        assert len(file.read_text(encoding="utf-8").splitlines()) == 2


class TestJournal:
    @pytest.fixture
    def stderr(self, tmp_path: Path) -> Iterator[io.TextIOWrapper]:
        with (tmp_path / "stderr").open("w+", encoding="utf-8") as stream:
            yield stream

    def test_its_stream_is_known_by_its_number(self, stderr: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
        status = os.fstat(stderr.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        with logging_to(stderr):
            log.warning("full")
        stderr.seek(0)
        assert stderr.read().startswith("<4>time=")

    def test_another_stream_is_none(self, stderr: io.TextIOWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("JOURNAL_STREAM", "1:1")
        with logging_to(stderr):
            log.warning("full")
        stderr.seek(0)
        assert stderr.read().startswith("time=")


def test_what_is_harmless_stays_as_it_is() -> None:
    assert harmless("Grüße, 你好") == "Grüße, 你好"


def test_another_program_has_its_own_logger_and_its_own_lines(terminal: io.StringIO, file: Path) -> None:
    own = logging.getLogger("bshm.watch")
    with logging_by(Stderr(terminal, logging.Formatter("> %(message)s")), file, own):
        own.getChild("pictures").info("picture done")
        log.info("the engine's")
    own.info("too late")
    assert terminal.getvalue() == "> picture done\n"
    assert [said(each) for each in file.read_text().splitlines()] == ['level=info msg="picture done"']
