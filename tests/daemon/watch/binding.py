"""Bind mounts for tests, where the user has the right to mount."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def bound(folder: Path, point: Path) -> Iterator[None]:
    """A context in which a folder is seen at another place as well."""
    if subprocess.run(["mount", "--bind", str(folder), str(point)], capture_output=True, check=False).returncode:
        pytest.skip("only root, with the right to mount, can bind folders")
    try:
        yield
    finally:
        subprocess.run(["umount", str(point)], check=True)
