"""The ledger's file: opened, set up, changed in transactions, its faults as sentences."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.outputs import DiskFullError
from daemon.terminal import shown
from daemon.watch.schema import STATEMENTS, VERSION
from engine.errors import OutputError, system_reason

_BUSY = 10.0  # seconds to wait for another process's change
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")  # the second: no room for the index of its log


class LedgerError(OutputError):
    """The ledger cannot be read or written."""


def connected(file: Path) -> sqlite3.Connection:
    """The database in this file, made where there is none; several threads may use it in turn.

    Raises LedgerError, also for a ledger of a newer version, and DiskFullError.
    """
    with told(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection = sqlite3.connect(file, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            _use_log(connection)
            for pragma in ("synchronous = FULL", "foreign_keys = ON"):
                connection.execute(f"PRAGMA {pragma}")
            with transaction(connection):
                _make_tables(connection, file)
        except BaseException:
            connection.close()
            raise
    return connection


def _use_log(connection: sqlite3.Connection) -> None:
    """Turns a new file's journal over; while another process does so at that moment, SQLite itself does not wait."""
    end = time.monotonic() + _BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return


def _make_tables(connection: sqlite3.Connection, file: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in STATEMENTS:
            connection.execute(statement)
    elif version != VERSION:
        why = f"it is of version {version}, and this program knows {VERSION}"
        remedy = "Install the newer program again, or move the ledger aside"
        raise LedgerError(f"{shown(file)}: cannot be used", why, remedy)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it is on the disk at its end, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def told(file: Path) -> Iterator[None]:
    """SQLite's errors as sentences: LedgerError, DiskFullError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        what = f"the ledger {shown(file)}: cannot be used"
        code = getattr(error, "sqlite_errorname", "")
        if code in _FULL or getattr(error, "errno", 0) == errno.ENOSPC:
            raise DiskFullError(what, "the disk is full", "Make room there") from error
        if code in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
            remedy = "Move it aside; files that are still in hot folders are done again"
            raise LedgerError(what, "the file is damaged", remedy) from error
        why = system_reason(error) if isinstance(error, OSError) else str(error)
        raise LedgerError(what, why) from error
