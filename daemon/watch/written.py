"""The folders that are written to: each on the disk on which it was at first.

Where a disk or a share vanishes, its mount point is an empty folder of the disk below. What is written there is hidden,
and as good as lost, when the mount is back.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from daemon.outputs import unwritable
from daemon.terminal import shown
from daemon.watch.filesystem import filesystem_of
from engine.errors import OutputError


class Written:
    """Remembers where the folders lie, as long as this process lives."""

    def __init__(self) -> None:
        self._places: dict[Path, str] = {}
        self._lock = threading.Lock()

    def ready(self, top: Path) -> None:
        """Makes the folder where it is missing. Raises OutputError, also where it would lie on another disk."""
        try:
            place = _place_of(top)
            with self._lock:
                before = self._places.setdefault(top, place)
            if place != before:
                remedy = "Mount it again; or, where this is as it should be, start `bshm watch` anew"
                raise OutputError(f"{shown(top)}: cannot be written", "its disk or share is not there", remedy)
            top.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(top, error) from error

    def forget(self) -> None:
        """Where they lie now is right."""
        with self._lock:
            self._places.clear()


def _place_of(top: Path) -> str:
    """The file system and the path on it, also of a folder that is yet to be made. Raises OSError."""
    below = ""
    folder = top
    while True:
        try:
            identity = filesystem_of(folder).identity
        except FileNotFoundError:
            below = os.path.join(folder.name, below)  # noqa: PTH118  # "" at its end does no harm
            folder = folder.parent
        else:
            return os.path.join(identity, below).rstrip("/")  # noqa: PTH118  # an identity ends with a path
