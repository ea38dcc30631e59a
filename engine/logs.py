"""The engine's log: one line a record, `time=... level=info msg="picture done" job=... seconds=...` (logfmt).

Whatever is in a value, its line stays one line of harmless text. Tracebacks go to the log file alone, indented below
their line; who watches the terminal or the journal reads the sentence, and finds the rest by the job's ID.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import stat
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

from engine.errors import system_reason

log = logging.getLogger("bshm.engine")

# What sd-daemon(3) calls the levels at the start of a line, which journald takes off again.
_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
_DEBUG_PRIORITY = 7

_BARE = re.compile(r"[A-Za-z0-9_./:+@%,~-]+")
_BYTES, _OLDER = 5_000_000, 3


def fields(**values: object) -> Mapping[str, Any]:
    """For a record's `extra`: `log.info("picture done", extra=fields(job=job, seconds=1.5))`.

    A value is a text, bytes, a number, a bool or None. trace: a traceback, which goes to the log file alone.
    """
    return {"fields": values}


class Logfmt(logging.Formatter):
    """One line a record; with `tracebacks`, they follow it, indented. with `priorities`, it begins with <N>."""

    def __init__(self, *, tracebacks: bool = False, priorities: bool = False) -> None:
        super().__init__()
        self._tracebacks, self._priorities = tracebacks, priorities

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, without a line break at the end."""
        values = dict(getattr(record, "fields", {}))
        trace = values.pop("trace", "")
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            values["error"] = f"{type(error).__name__}: {error}"
            trace = "".join(traceback.format_exception(error))
        said = {"time": _time(record.created), "level": record.levelname.lower(), "msg": record.getMessage(), **values}
        line = " ".join(f"{name}={_value(value)}" for name, value in said.items())
        if self._priorities:
            line = f"<{_priority(record.levelno)}>{line}"
        if self._tracebacks:
            line = "\n".join([line, *(f"    {harmless(each)}" for each in trace.splitlines())])
        return line


@contextmanager
def logging_to(stderr: TextIO, file: Path | None = None) -> Iterator[None]:
    """While it lasts, every logger of this process writes here: the engine's from info on, others from warning on.

    stderr: a terminal, a pipe or the journal. file: has tracebacks too; it is rotated. One that cannot be written is
    no reason to stop: that is said on stderr.
    """
    with logging_by(Stderr(stderr), file, log):
        yield


@contextmanager
def logging_by(terminal: logging.Handler, file: Path | None, own: logging.Logger) -> Iterator[None]:
    """As logging_to, with a handler for what stderr stands for, and with the logger that counts from info on."""
    handlers = [terminal]
    root, level = logging.getLogger(), own.level
    own.setLevel(logging.INFO)
    root.addHandler(terminal)
    try:
        if file is not None:
            try:
                handlers.append(_open(file, terminal))
                root.addHandler(handlers[-1])
            except OSError as error:
                terminal.handle(_unwritable(str(file), error))
        yield
    finally:
        own.setLevel(level)
        for each in handlers:
            root.removeHandler(each)
            each.close()


def _open(file: Path, terminal: logging.Handler) -> logging.Handler:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = _File(file, terminal)
    handler.setFormatter(Logfmt(tracebacks=True))
    return handler


class Stderr(logging.StreamHandler[TextIO]):
    """Standard error, by default in lines of logfmt, with priorities where it goes to the journal."""

    def __init__(self, stream: TextIO, formatter: logging.Formatter | None = None) -> None:
        super().__init__(stream)
        self.setFormatter(formatter or Logfmt(priorities=is_journal(stream)))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Nothing: there is no place left to say that standard error is closed."""


class _File(RotatingFileHandler):
    def __init__(self, file: Path, terminal: logging.Handler) -> None:
        super().__init__(file, maxBytes=_BYTES, backupCount=_OLDER, encoding="utf-8", errors="backslashreplace")
        self._terminal = terminal
        self._fails = self._failed = False

    def _open(self) -> io.TextIOWrapper:
        """The names of pictures are nobody else's business: the file is this user's alone."""
        return open(self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=_private)

    def emit(self, record: logging.LogRecord) -> None:
        """Writes the record."""
        self._failed, self._fails = self._fails, False
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, ARG002  # logging's names
        """Says so on standard error, where logging itself would print a traceback; once, until it works again."""
        self._complain()

    def close(self) -> None:
        """Closes the file; where its last lines cannot be written, they are lost."""
        try:
            super().close()
        except OSError:
            self._complain()

    def _complain(self) -> None:
        self._fails = True
        if not self._failed:
            self._terminal.handle(_unwritable(self.baseFilename, sys.exc_info()[1]))


def _private(name: str, flags: int) -> int:
    descriptor = os.open(name, flags, 0o600)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():  # it may be there with another mode
        os.fchmod(descriptor, 0o600)
    return descriptor


def _unwritable(file: str, error: BaseException | None) -> logging.LogRecord:
    why = system_reason(error) if isinstance(error, OSError) else repr(error)
    said = log.makeRecord(log.name, logging.ERROR, __file__, 0, "the log file cannot be written", (), None)
    said.__dict__.update(fields(file=file, why=why))
    return said


def is_journal(stream: TextIO) -> bool:
    """Whether a stream goes to journald: systemd.exec(5), $JOURNAL_STREAM."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError, io.UnsupportedOperation):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def _priority(level: int) -> int:
    return next((number for least, number in _PRIORITIES if level >= least), _DEBUG_PRIORITY)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds")


def _value(value: object) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)
    if _BARE.fullmatch(text):
        return text
    return '"' + harmless(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def harmless(text: str) -> str:
    """A text without what breaks a line or what a terminal obeys: that is written as \\n, \\x1b, \\u2028."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text)
