"""Jobs to and from the ledger's columns: paths as bytes, the rest that is no number as JSON."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from daemon.watch.hot_folder import Stamp
from daemon.watch.job import Job, Output, Problem, State


def job_of(row: sqlite3.Row, outputs: Sequence[sqlite3.Row]) -> Job:
    """A row of the table jobs, with its rows of the table outputs."""
    return Job(
        id=row["id"],
        folder=_path(row["folder"]),
        name=os.fsdecode(row["name"]),
        filesystem=row["filesystem"],
        present=bool(row["present"]),
        stamp=Stamp(row["inode"], row["size"], row["mtime"]),
        hash=row["hash"],
        state=State(row["state"]),
        attempts=row["attempts"],
        due=row["due"],
        error=Problem(**json.loads(row["error"])) if row["error"] else None,
        verdict=State(row["verdict"]) if row["verdict"] else None,
        placed=bool(row["placed"]),
        original=_path(row["original"]) if row["original"] is not None else None,
        earlier=row["earlier"],
        summary=json.loads(row["summary"]),
        queued=row["queued"],
        began=row["began"],
        ended=row["ended"],
        outputs=tuple(
            Output(each["kind"], _path(each["path"]), each["inode"], bool(each["replaces"])) for each in outputs
        ),
    )


def written(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a Job as columns."""
    columns: dict[str, Any] = {}
    for key, value in fields.items():
        match value:
            case Stamp():
                columns |= value._asdict()
            case Problem():
                columns[key] = json.dumps(asdict(value))
            case Path():
                columns[key] = os.fsencode(value)
            case Mapping():
                columns[key] = json.dumps(value)
            case _:
                columns[key] = value
    return columns


def _path(value: bytes) -> Path:
    return Path(os.fsdecode(value))
