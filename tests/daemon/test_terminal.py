from __future__ import annotations

import io
import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.terminal import complain, hand_over, shown, tell


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("照片 1.jpg", "照片 1.jpg"),
        ("ideographic\u3000space", "ideographic\u3000space"),
        ("👩‍👩‍👧 family.png", "👩‍👩‍👧 family.png"),
        (unicodedata.normalize("NFD", "é.jpg"), "e\u0301.jpg"),
        ("two\nlines", "two\\nlines"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        (os.fsdecode(b"latin-\xe9.jpg"), "latin-\\xe9.jpg"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_a_name_is_shown_on_one_line(name: str, printed: str) -> None:
    assert shown(name) == printed


@given(st.binary(min_size=1, max_size=40))
def test_any_name_can_be_printed(name: bytes) -> None:
    line = shown(os.fsdecode(name))
    assert line.encode("utf-8").decode("utf-8") == line
    assert not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in line)
    assert shown(line) == line


class Stream(io.TextIOWrapper):
    """A stream of bytes that may be a terminal."""

    def __init__(self, *, terminal: bool = False, encoding: str = "utf-8", errors: str = "strict") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors=errors)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def written(self) -> bytes:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue()


@pytest.mark.parametrize("raw", [b"plain.png", "照片.png".encode(), b"\xff\xfe.png", b"a\\b.png"])
def test_a_program_that_reads_the_results_gets_the_very_bytes(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream := Stream(encoding="ascii"))
    hand_over(Path(os.fsdecode(b"out/" + raw)))
    assert stream.written == b"out/" + raw + b"\n"


def test_a_line_break_in_a_name_does_not_make_two_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream := Stream())
    hand_over(Path("a\nb.png"))
    assert stream.written == b"a\\nb.png\n"


def test_a_result_never_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream := Stream())
    hand_over(Path("-rf.cutout.png"))
    assert stream.written == b"./-rf.cutout.png\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_terminal_of_any_encoding_shows_any_name(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream := Stream(terminal=True, encoding=encoding))
    hand_over(Path(os.fsdecode("照片\x1b[31m".encode() + b"\xff.png")))
    assert b"\x1b" not in stream.written
    assert b"\\x1b[31m\\xff.png\n" in stream.written


def test_nothing_is_written_where_the_streams_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    hand_over(Path("a.png"))
    tell("a line")
    complain("a sentence.")
