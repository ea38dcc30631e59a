"""The ledger: every file that was seen in a hot folder, and how far it is. What is not in here was not begun.

SQLite in its write-ahead log, each change on the disk before it counts (synchronous=FULL): a power cut loses none. One
process writes jobs, under a lock; `bshm jobs` and `bshm retry` look in from outside.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from daemon.watch.database import connected, told, transaction
from daemon.watch.hot_folder import Sighting, Stamp
from daemon.watch.job import Job, Output, State, Writer
from daemon.watch.rows import job_of, written
from engine.folders import state_folder


class Known(NamedTuple):
    """What the ledger has of a file that is there."""

    stamp: Stamp
    state: State
    filesystem: str


def ledger_file() -> Path:
    """The ledger; SQLite keeps two more files beside it."""
    return state_folder() / "ledger.sqlite"


class Ledger:
    """Opens and makes the file. Every method raises LedgerError where the disk is full or the file is damaged."""

    def __init__(self, file: Path) -> None:
        """Raises LedgerError, also for a ledger of a newer version."""
        self._file = file
        self._lock = threading.RLock()
        self._connection = connected(file)
        self.name = str(self._all("SELECT name FROM ledger")[0]["name"])

    def close(self) -> None:
        """Ends it; other threads must have ended before."""
        with self._lock:
            self._connection.close()

    def known(self, folder: Path, below: str = "") -> dict[str, Known]:
        """The files of a hot folder that are there as far as is known, or those in one folder below and deeper."""
        start = os.fsencode(f"{below}/") if below else b""
        end = os.fsencode(f"{below}0") if below else None  # "0" comes right after "/"
        rows = self._all(
            "SELECT name, inode, size, mtime, state, filesystem FROM jobs"
            " WHERE folder = ? AND present AND name >= ? AND (? IS NULL OR name < ?)",
            *(os.fsencode(folder), start, end, end),
        )
        return {
            os.fsdecode(row["name"]): Known(
                Stamp(row["inode"], row["size"], row["mtime"]), State(row["state"]), row["filesystem"]
            )
            for row in rows
        }

    def add(self, folder: Path, filesystem: str, sightings: Iterable[Sighting], now: float) -> int:
        """Takes down files that are complete; how many are new jobs.

        A file that stayed and has another stamp becomes a job too; whether its content is another shows when it is
        read. One that is under way is left alone: it is looked at again when its job ends.
        """
        count = 0
        where = os.fsencode(folder)
        with self._changing():
            for each in sightings:
                name = os.fsencode(each.name)
                row = self._connection.execute(
                    "SELECT id, state, inode, size, mtime FROM jobs WHERE folder = ? AND name = ? AND present",
                    (where, name),
                ).fetchone()
                earlier = None
                if row is not None:
                    if row["state"] in (State.WORKING, State.PUBLISHING) or tuple(row)[2:] == each.stamp:
                        continue
                    if row["state"] == State.WAITING:
                        self._set(row["id"], **each.stamp._asdict(), due=now)
                        continue
                    earlier = row["id"]
                    self._set(earlier, present=0)
                self._connection.execute(
                    "INSERT INTO jobs"
                    " (folder, name, filesystem, present, inode, size, mtime, state, due, earlier, queued)"
                    " VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)",
                    (where, name, filesystem, *each.stamp, State.WAITING, now, earlier, now),
                )
                count += 1
        return count

    def seen_on(self, folder: Path, filesystem: str, names: Iterable[str]) -> None:
        """These files, which are unchanged, lie on this file system now."""
        rows = ((filesystem, os.fsencode(folder), os.fsencode(name)) for name in names)
        with self._changing():
            self._connection.executemany(
                "UPDATE jobs SET filesystem = ? WHERE folder = ? AND name = ? AND present", rows
            )

    def gone(self, folder: Path, names: Iterable[str], now: float) -> None:
        """These files are no longer there: what waits has left; what ended may come again; what is under way shows
        itself that the file is gone."""
        where = os.fsencode(folder)
        with self._changing():
            for name in names:
                self._connection.execute(
                    "UPDATE jobs SET present = 0, ended = coalesce(ended, ?),"
                    " state = CASE state WHEN 'waiting' THEN 'left' ELSE state END"
                    " WHERE folder = ? AND name = ? AND present AND state NOT IN ('working', 'publishing')",
                    (now, where, os.fsencode(name)),
                )

    def take(self, folders: Sequence[Path], now: float) -> Job | None:
        """The job that has waited longest in the first of these folders that has one; it is working then."""
        with self._changing():
            for folder in folders:
                row = self._connection.execute(
                    "SELECT * FROM jobs WHERE folder = ? AND state = 'waiting' AND due <= ? ORDER BY due, id LIMIT 1",
                    (os.fsencode(folder), now),
                ).fetchone()
                if row is not None:
                    self._set(row["id"], state=State.WORKING, attempts=row["attempts"] + 1, began=now)
                    return self.job(row["id"])
        return None

    def next_due(self, folders: Iterable[Path]) -> float | None:
        """When the next job that waits in these folders may begin; None where none waits."""
        times = [
            self._all("SELECT min(due) AS due FROM jobs WHERE folder = ? AND state = 'waiting'", os.fsencode(each))[0]
            for each in folders
        ]
        return min((row["due"] for row in times if row["due"] is not None), default=None)

    def change(self, job: int, **columns: Any) -> None:
        """Sets some columns of a job, named as in Job; a Stamp as `stamp`."""
        with self._changing():
            self._set(job, **written(columns))

    def publish(self, job: int, outputs: Sequence[Output], **columns: Any) -> None:
        """Journals what is about to get its name, together with some columns."""
        with self._changing():
            self._connection.execute("DELETE FROM outputs WHERE job = ?", (job,))
            self._connection.executemany(
                "INSERT INTO outputs VALUES (?, ?, ?, ?, ?)",
                [(job, each.kind, os.fsencode(each.path), each.inode, each.replaces) for each in outputs],
            )
            self._set(job, state=State.PUBLISHING, placed=0, **written(columns))

    def same(self, job: Job, stamp: Stamp) -> None:
        """The file was touched, its content is what it was: the earlier job stands for it again."""
        with self._changing():
            self._connection.execute("DELETE FROM jobs WHERE id = ?", (job.id,))
            self._set(job.earlier, present=1, **stamp._asdict())

    def find(self, job: int) -> Job | None:
        """One job, if there is one of this number."""
        return next(self._jobs("WHERE id = ?", job), None)

    def job(self, job: int) -> Job:
        """One job that there is. Raises KeyError."""
        if (found := self.find(job)) is None:
            raise KeyError(job)
        return found

    def latest(self, folder: Path, name: str) -> Job | None:
        """The last job of a file, if there was one."""
        where = "WHERE folder = ? AND name = ? ORDER BY id DESC LIMIT 1"
        return next(self._jobs(where, os.fsencode(folder), os.fsencode(name)), None)

    def under_way(self) -> list[Job]:
        """What was begun and did not end, the oldest first."""
        return list(self._jobs("WHERE state IN ('working', 'publishing') ORDER BY id"))

    def jobs(self, *states: State, last: int = -1) -> list[Job]:
        """The jobs in these states, or all; the last so many of them, the oldest first."""
        marks = ", ".join("?" * len(states))
        where = f"WHERE state IN ({marks})" if states else ""
        return list(self._jobs(f"{where} ORDER BY id DESC LIMIT ?", *states, last))[::-1]

    def waiting(self, folders: Iterable[Path], tries: int | None = None) -> int:
        """How many jobs wait in these folders; those alone that were begun less often than `tries`."""
        statement = "SELECT count(*) AS n FROM jobs WHERE folder = ? AND state = 'waiting' AND attempts < ?"
        most = sys.maxsize if tries is None else tries
        return sum(self._all(statement, os.fsencode(each), most)[0]["n"] for each in folders)

    def writer_of(self, path: Path) -> Writer | None:
        """Whose result has, had, or is about to have this path; the last of them."""
        rows = self._all(
            "SELECT folder, name, state FROM outputs JOIN jobs ON jobs.id = job WHERE path = ?"
            " ORDER BY job DESC LIMIT 1",
            os.fsencode(path),
        )
        for row in rows:
            return Writer(
                (Path(os.fsdecode(row["folder"])), os.fsdecode(row["name"])), row["state"] == State.PUBLISHING
            )
        return None

    def forget(self, before: float) -> None:
        """Drops the jobs that ended before this time and whose files are gone; failed ones can be tried again
        as long as anybody likes, and those whose files were touched may yet stand for them again."""
        with self._changing():
            self._connection.execute(
                "DELETE FROM jobs WHERE ended < ? AND NOT present AND state IN ('done', 'left') AND id NOT IN"
                " (SELECT earlier FROM jobs WHERE earlier IS NOT NULL AND state NOT IN ('done', 'left'))",
                (before,),
            )

    def _jobs(self, where: str, *values: Any) -> Iterator[Job]:
        rows = self._all(f"SELECT * FROM jobs {where}", *values)  # noqa: S608  # words of this module
        for row in rows:
            outputs = self._all("SELECT * FROM outputs WHERE job = ? ORDER BY rowid", row["id"])
            yield job_of(row, outputs)

    def _all(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock, told(self._file):
            return self._connection.execute(statement, values).fetchall()

    def _set(self, job: int | None, **columns: Any) -> None:
        settings = ", ".join(f"{each} = ?" for each in columns)
        self._connection.execute(f"UPDATE jobs SET {settings} WHERE id = ?", (*columns.values(), job))  # noqa: S608

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One transaction."""
        with self._lock, told(self._file), transaction(self._connection):
            yield
