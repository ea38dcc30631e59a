"""The watches of inotify(7) on a hot folder and all below it, kept right while folders come, go and are renamed.

Of watchdog its reader of inotify is used, not its observers: those hold back all events for half a second after a file
was moved out, keep watching folders that have left, tell nobody that events were lost or that the limit of watches was
met below the top, and look into folders that are excluded here.
"""

from __future__ import annotations

import errno
import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor

from daemon.watch.hot_folder import HotFolder
from daemon.watch.names import is_entered, is_taken

Kind = Literal["changed", "left", "folder", "all"]

_COMES = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO
_LEAVES = InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM
_ENDS = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_UNMOUNT
# Neither reading nor writing is told, so that this program's own reading gives no hints; the end of writing is.
_MASK = Mask(
    _COMES
    | _LEAVES
    | _ENDS
    | InotifyConstants.IN_CLOSE_WRITE
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
    | InotifyConstants.IN_EXCL_UNLINK
)
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
_IDS = itertools.count(1)


@dataclass(eq=False)
class _Place:
    """A folder that is watched, as a callback of watchdog's. name: below the hot folder, "" for itself."""

    tree: Tree
    name: str
    id: CallbackId
    descriptor: WatchDescriptor

    def on_event(self, event: InotifyEvent) -> None:
        self.tree.happened(self, event)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:  # noqa: ARG002  # watchdog's signature
        self.tree.ended(self)

    def on_queue_overflow(self) -> None:
        self.tree.overflowed(self)


class Tree:
    """A hot folder that is watched through an instance of inotify.

    tell: is called with a name below the hot folder and what happened, in watchdog's thread.
    """

    def __init__(self, inotify: InotifyFD, folder: HotFolder, tell: Callable[[str, Kind], None]) -> None:
        self._inotify = inotify
        self._folder = folder
        self._tell = tell
        self._lock = threading.Lock()
        self._root: tuple[int, int] | None = None  # the device and inode of the hot folder, while that is watched
        self._places: dict[str, _Place] = {}
        self._missing: dict[str, OSError | None] = {}  # folders that should be watched and are not, and why

    def watch(self) -> None:
        """Watches what is not watched yet, or no more. Raises OSError where the hot folder itself cannot be, and one
        with ENOSPC where the limit of watches is met anywhere."""
        with self._lock:
            try:
                status = self._folder.watch.stat()
            except OSError:
                self._forget("")
                self._root = None
                raise
            if self._root != (status.st_dev, status.st_ino):
                self._forget("")
                self._root = (status.st_dev, status.st_ino)
                self._missing[""] = None
            for name in list(self._missing):
                self._cover(name)
            for name, problem in self._missing.items():
                if problem and (not name or problem.errno == errno.ENOSPC):
                    raise problem

    def end(self) -> None:
        """Ends all watches."""
        with self._lock:
            self._forget("")
            self._root = None

    def happened(self, place: _Place, event: InotifyEvent) -> None:
        """An event in a folder that is watched."""
        if event.mask & _ENDS:
            if not place.name:
                self._tell("", "all")
            return
        last = os.fsdecode(event.name)
        name = f"{place.name}/{last}" if place.name else last
        if event.mask & InotifyConstants.IN_ISDIR:
            if self._is_watchable(name, last):
                self._folder_happened(place, name, event.mask)
        elif is_taken(last, self._folder.patterns):
            self._tell(name, "left" if event.mask & _LEAVES else "changed")

    def ended(self, place: _Place) -> None:
        """A folder is watched no more, since it was deleted or unmounted."""
        with self._lock:
            if self._places.get(place.name) is place:
                del self._places[place.name]
                self._missing[place.name] = None

    def overflowed(self, place: _Place) -> None:
        """Events were lost, those of new folders and of moves maybe among them."""
        with self._lock:
            if self._places.get(place.name) is not place:  # the first place of this tree that was told has done it
                return
            self._forget("")
            self._cover("")
        self._tell("", "all")

    def _folder_happened(self, place: _Place, name: str, mask: int) -> None:
        with self._lock:
            if self._places.get(place.name) is not place:  # it was forgotten meanwhile
                return
            # A folder that a walk has found already sent its IN_CREATE before that; one that is moved in may take the
            # name of another.
            if not mask & InotifyConstants.IN_CREATE or name not in self._places:
                self._forget(name)
                if mask & _COMES:
                    self._cover(name)
        self._tell(name, "folder")

    def _cover(self, top: str) -> None:
        """Watches a folder and those below it. What cannot be is in self._missing, unless it has left."""
        pending = [top]
        while pending:
            name = pending.pop()
            self._missing.pop(name, None)
            try:
                if name not in self._places:
                    self._places[name] = self._add(name)
                if self._folder.recursive:  # listed only now: what is made after this, an event tells
                    pending += self._folders_in(name)
            except OSError as error:
                if not name or error.errno not in _GONE:
                    self._missing[name] = error

    def _add(self, name: str) -> _Place:
        place = _Place(self, name, CallbackId(next(_IDS)), WatchDescriptor(-1))
        path = os.fsencode(self._folder.watch / name)
        place.descriptor = self._inotify.add_callback(path, _MASK, place, place.id)
        if place.descriptor < 0:  # watchdog keeps EACCES to itself
            self._inotify.remove_callbacks([(place.descriptor, place.id)])
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return place

    def _forget(self, top: str) -> None:
        """Ends the watches of a folder and those below it."""
        below = f"{top}/" if top else ""
        for name in [each for each in self._missing if each == top or each.startswith(below)]:
            del self._missing[name]
        names = [each for each in self._places if each == top or each.startswith(below)]
        places = [self._places.pop(each) for each in names]
        self._inotify.remove_callbacks([(each.descriptor, each.id) for each in places])

    def _folders_in(self, name: str) -> list[str]:
        prefix = f"{name}/" if name else ""
        with os.scandir(self._folder.watch / name) as entries:
            return [
                prefix + each.name
                for each in entries
                if each.is_dir(follow_symlinks=False) and self._is_watchable(prefix + each.name, each.name)
            ]

    def _is_watchable(self, name: str, last: str) -> bool:
        folder = self._folder
        return folder.recursive and is_entered(last) and folder.watch / name not in folder.excluded
