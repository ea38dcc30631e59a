"""The ledger's tables."""

from __future__ import annotations

# Raised by one whenever a table changes; the ledger of another version is refused.
VERSION = 1

STATEMENTS = (
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        folder BLOB NOT NULL,           -- the hot folder's path
        name BLOB NOT NULL,             -- the file's path below it
        filesystem TEXT NOT NULL,       -- on which it was seen: on another, its absence means nothing
        present INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime INTEGER NOT NULL,         -- nanoseconds
        hash BLOB,                      -- SHA-256
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due REAL NOT NULL,
        error TEXT,                     -- JSON: what, why, remedy
        verdict TEXT,
        placed INTEGER NOT NULL DEFAULT 0,  -- all results have got their names
        original BLOB,                  -- where the file was put
        earlier INTEGER,                -- the job of this file's last content
        summary TEXT NOT NULL DEFAULT '{}',
        queued REAL NOT NULL,
        began REAL,
        ended REAL
    )
    """,
    """
    CREATE INDEX of_a_file ON jobs (folder, name)
    """,
    """
    CREATE UNIQUE INDEX one_for_a_file ON jobs (folder, name) WHERE present
    """,
    """
    CREATE INDEX next_in_turn ON jobs (folder, due, id) WHERE state = 'waiting'
    """,
    """
    CREATE INDEX under_way ON jobs (state) WHERE state IN ('working', 'publishing')
    """,
    """
    CREATE INDEX ended ON jobs (ended)
    """,
    """
    CREATE TABLE outputs (
        job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        path BLOB NOT NULL,
        inode INTEGER NOT NULL,
        replaces INTEGER NOT NULL,
        PRIMARY KEY (job, kind)
    )
    """,
    """
    CREATE INDEX outputs_by_path ON outputs (path)
    """,
    """
    CREATE TABLE ledger (name TEXT NOT NULL)
    """,
    """
    INSERT INTO ledger VALUES (lower(hex(randomblob(4))))
    """,
    f"PRAGMA user_version = {VERSION}",
)
