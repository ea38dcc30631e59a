"""Hot folders for tests."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from daemon.watch.hot_folder import HotFolder
from engine.settings import Settings
from tests.daemon.conftest import NOBODY

ROOT = Path(__file__).parents[3]
# A process in a mount namespace of its own, whose mounts nobody else sees and which end with it (unshare(1)); for users
# who may not mount in a user namespace as well, where that is allowed.
MOUNTING = (
    *("unshare", *(("--user", "--map-root-user") if os.geteuid() else ())),
    *("--mount", "--propagation", "private"),
)


def hot_folder(watch: Path, **changes: Any) -> HotFolder:
    """A hot folder as the defaults would have it; its results and failures lie in folders beside it."""
    folder = HotFolder(
        watch=watch.resolve(),
        excluded=frozenset(),
        output=watch.with_name("out"),
        failed=watch.with_name("failed"),
        done="keep",
        recursive=True,
        patterns=("*",),
        conflict="suffix",
        observer="auto",
        report=True,
        settings=Settings(),
    )
    return replace(folder, **changes)


def file(folder: HotFolder, name: str, content: bytes = b"content") -> Path:
    """A file in it, and the folders that it needs."""
    path = folder.watch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@contextmanager
def reachable_folder() -> Iterator[HotFolder]:
    """A hot folder that every user can come to, which tmp_path is not."""
    top = Path(tempfile.mkdtemp(prefix="bshm"))
    try:
        top.chmod(0o755)
        (top / "in").mkdir()
        yield hot_folder(top / "in")
    finally:
        shutil.rmtree(top)


@contextmanager
def with_rights(path: Path, rights: int) -> Iterator[None]:
    """A context in which a file or folder has other rights, and they hold, also when root runs the tests."""
    before = path.stat().st_mode & 0o7777
    root = os.geteuid() == 0
    path.chmod(rights)
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(before)


def open_files() -> list[str]:
    """The numbers of this process's open files."""
    return sorted(each.name for each in Path("/proc/self/fd").iterdir())


def environment() -> dict[str, str]:
    """For Python in another process, in any folder: it imports what this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}


def skip_without_mounts(stderr: str) -> None:
    """Skips a test whose MOUNTING process said that it may not mount."""
    if any(each in stderr for each in ("unshare failed", "permission denied", "must be superuser", "Operation not p")):
        pytest.skip(f"no rights to mount here: {stderr.strip()}")
