"""How checks inside GIMP tell the tests outside what they saw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SHARED = Path("/mnt/shared")


def say(check: str, **facts: Any) -> None:
    """One line of standard output; tests.gimp.running reads it. facts: what JSON can hold."""
    print("FACT " + json.dumps({"check": check, **facts}), flush=True)


def keep(name: str, data: bytes) -> None:
    """A file for the tests outside."""
    (SHARED / name).write_bytes(data)
