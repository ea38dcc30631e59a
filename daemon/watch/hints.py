"""Hints that something happened in hot folders, so that nobody waits for the next scan. Only scans are the truth."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from watchdog.observers.inotify_c import InotifyFD

from daemon.terminal import shown
from daemon.watch.filesystem import Filesystem
from daemon.watch.hot_folder import HotFolder
from daemon.watch.inotify import Kind, Tree
from engine.errors import BshmError

_LIMITS = Path("/proc/sys/fs/inotify")


class UnwatchedError(BshmError):
    """A limit of the system is met, so that changes in (a part of) a folder are seen by scans alone."""


@dataclass(frozen=True)
class Hint:
    """What may have happened.

    changed: the file `name` came, or was written and closed. left: it went. folder: the folder `name` came or went, so
    all below it is to be scanned. all: events were lost, or the hot folder itself went: call Hints.watch() and scan it
    all.
    """

    folder: HotFolder
    name: str
    kind: Kind


def is_told(observer: str, filesystem: Filesystem) -> bool:
    """True where hints are wanted and to be had. observer: a word of settings.OBSERVERS."""
    return observer == "inotify" or (observer == "auto" and not filesystem.is_network)


class Hints:
    """Hints from any number of hot folders, through one instance of inotify.

    deliver: is called in watchdog's thread, where it must neither wait nor call stop().
    """

    def __init__(self, deliver: Callable[[Hint], None]) -> None:
        self._deliver = deliver
        self._lock = threading.Lock()
        self._trees: dict[HotFolder, Tree] = {}
        self._inotify: InotifyFD | None = None

    def start(self) -> None:
        """Raises UnwatchedError where this user has no instance of inotify left; then nothing is ever told."""
        try:
            inotify = InotifyFD()
        except OSError as error:
            raise _unwatched("There are no hints of changes in hot folders", "max_user_instances") from error
        inotify.start()
        self._inotify = inotify

    def stop(self) -> None:
        """No hint is delivered after this."""
        for folder in list(self._trees):
            self.unwatch(folder)
        inotify, self._inotify = self._inotify, None
        if inotify:
            inotify.stop()
            inotify.join()

    def watch(self, folder: HotFolder) -> None:
        """Watches a folder, and all that is not watched of it yet, or no more; costs a stat(2) where that is nothing.

        To be called before each scan: so a hot folder that was made anew or mounted is watched as well. Raises OSError
        where the folder itself cannot be watched (it is not there, or cannot be read) and UnwatchedError where the
        limit of watches is met; what can be is watched in spite of that.
        """
        if self._inotify is None:
            return
        with self._lock:
            tree = self._trees.get(folder)
            if tree is None:
                tree = self._trees[folder] = Tree(
                    self._inotify, folder, lambda name, kind: self._deliver(Hint(folder, name, kind))
                )
        try:
            tree.watch()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            what = f"{shown(folder.watch)}: not all of it can be watched for changes"
            raise _unwatched(what, "max_user_watches") from error

    def unwatch(self, folder: HotFolder) -> None:
        """No hint of this folder is delivered any more, but one that is under way."""
        with self._lock:
            tree = self._trees.pop(folder, None)
        if tree:
            tree.end()


def _unwatched(what: str, limit: str) -> UnwatchedError:
    try:
        number = int((_LIMITS / limit).read_text())
    except (OSError, ValueError):  # some containers have no such file
        return UnwatchedError(what, f"the limit fs.inotify.{limit} is met", "Raise it with sysctl(8)")
    why = f"the limit fs.inotify.{limit} is met, which is {number}"
    return UnwatchedError(what, why, f"Raise it: sysctl fs.inotify.{limit}={number * 4}")
