"""Which version of the program this is."""

from __future__ import annotations


def own_version() -> str:
    """As pip knows it; "unknown" where it is not installed as a package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("bshm-cut-out")
    except PackageNotFoundError:
        return "unknown"
