"""Where networks lie and where downloads are made, by the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path


def networks_folder() -> Path:
    """The store: $XDG_DATA_HOME/bshm/networks."""
    return _base("XDG_DATA_HOME", ".local/share") / "bshm" / "networks"


def cache_folder() -> Path:
    """Unfinished downloads and helpers, all of which may be deleted: $XDG_CACHE_HOME/bshm."""
    return _base("XDG_CACHE_HOME", ".cache") / "bshm"


def _base(variable: str, default: str) -> Path:
    named = os.environ.get(variable, "")  # the specification: a relative path is to be ignored
    return Path(named) if named.startswith("/") else Path.home() / default
