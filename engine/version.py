"""Which version of the program this is."""

from __future__ import annotations

PACKAGE = "bshm-cut-out"


def own_version() -> str:
    """As pip knows it; "unknown" where it is not installed as a package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"
