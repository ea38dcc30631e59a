"""One hot folder, seen by a thread of its own: what is complete goes into the ledger.

Events are hints, which say where to look soon; a scan from time to time is the truth, also at the start. A folder that
cannot be read, or that hangs, holds nobody else up, and nothing is concluded from it.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

from daemon.terminal import shown
from daemon.watch.display import Display
from daemon.watch.filesystem import Filesystem, Filesystems
from daemon.watch.hints import Hint, Hints, UnwatchedError, is_told
from daemon.watch.hot_folder import HotFolder, Sighting
from daemon.watch.job import State
from daemon.watch.ledger import Known, Ledger
from daemon.watch.scan import Unreadable, is_awaited, look, scan
from daemon.watch.settle import PATIENCE, Settling, writer_of
from engine.errors import BshmError, system_reason
from engine.settings import Watching

_SHARE = 0.01  # of one processor at most that looking around takes where events do not tell what comes
_OFTEN = 1.0  # seconds between two scans of such a folder, at least
_BATCH = 200  # files that go into the ledger at once: the first are begun while the rest is scanned
_NICE = 10  # a folder of many thousands is taken in beside the networks' work, not in its stead (setpriority(2))
_AWAY = 2.0  # seconds between two looks at a folder that cannot be read


class Intake(threading.Thread):
    """Runs until stop(). wake: is called whenever a job was added."""

    def __init__(
        self,
        folder: HotFolder,
        watching: Watching,
        ledger: Ledger,
        hints: Hints,
        display: Display,
        wake: Callable[[], None],
    ) -> None:
        super().__init__(name=f"intake {folder.watch}", daemon=True)
        self.folder = folder
        self._watching, self._ledger, self._hints = watching, ledger, hints
        self._display, self._wake = display, wake
        self._settling: Settling[str] = Settling(watching.settle)
        self._news: SimpleQueue[Hint | None] = SimpleQueue()  # None: to stop
        self._filesystems: Filesystems | None = None  # as the last scan found them
        self._next_scan = 0.0
        self._scans = 0
        self._hinted = False  # events tell what comes
        self._told_unwatched = False
        self._trouble = ""
        self._given = self._taken = 0  # hints
        self._lock = threading.Lock()
        self._busy = False
        self._told: set[Path] = set()

    @property
    def is_settled(self) -> bool:
        """Whether all that lies in the folder is in the ledger, as far as the folder can be read."""
        looked = self._scans or self._trouble
        return bool(looked) and self._taken == self._given and not (self._busy or self._settling)

    def put(self, hint: Hint) -> None:
        """Something may have happened."""
        with self._lock:
            self._given += 1
        self._news.put(hint)

    def look(self, name: str) -> None:
        """Asks for a look at a file."""
        self.put(Hint(self.folder, name, "changed"))

    def stop(self) -> None:
        """Ends it soon; a folder that hangs is left to itself."""
        self._news.put(None)

    def run(self) -> None:
        """See the class."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while (hints := self._wait()) is not None:
            self._busy = True
            try:
                for each in hints:
                    self._take(each)
                if time.monotonic() >= self._next_scan:
                    self._scan()
                self._settle()
            except OSError as error:
                self._away(system_reason(error), error)
            except BshmError as error:  # the ledger's disk is full, say
                self._away(str(error).rstrip("."), error)
            except Exception as error:  # noqa: BLE001  # the last line of defence: what was missed, the next scan sees
                self._away(f"a fault of this program, {type(error).__name__}", error)
            self._taken += len(hints)
            self._busy = False

    def _wait(self) -> list[Hint] | None:
        """Until something is to be done; the hints that came, or None to stop."""
        due = self._settling.next_due()
        until = self._next_scan if due is None else min(due, self._next_scan)
        hints: list[Hint] = []
        try:
            hint = self._news.get(timeout=max(until - time.monotonic(), 0))
            while hint is not None:
                hints.append(hint)
                hint = self._news.get_nowait()
        except Empty:
            return hints
        return None

    def _take(self, hint: Hint) -> None:
        now = time.monotonic()
        match hint.kind:
            case "all":
                self._next_scan = now
            case "folder":
                known = self._ledger.known(self.folder.watch, hint.name)
                self._miss(known, self._see(scan(self.folder, hint.name), known))
            case "left":
                self._settling.gone(hint.name)
                self._ledger.gone(self.folder.watch, [hint.name], time.time())
            case "changed":
                if hint.name in self._settling:
                    self._settling.touched(hint.name, now)
                elif seen := self._look(hint.name):
                    self._settling.saw(hint.name, seen, now, None)

    def _scan(self) -> None:
        """All of the folder. Raises OSError where it cannot be read: then nothing is known."""
        begun = time.monotonic()
        self._filesystems = Filesystems(self.folder.watch)
        self._listen(self._filesystems.top)
        known = self._ledger.known(self.folder.watch)
        self._miss(known, self._see(scan(self.folder), known))
        self._scans += 1
        if self._trouble:
            self._display.said(f"{shown(self.folder.watch)}: is there again.")
            self._trouble = ""
        took = time.monotonic() - begun
        self._next_scan = time.monotonic() + (self._watching.scan if self._hinted else max(_OFTEN, took / _SHARE))

    def _see(self, seen: Iterable[Sighting | Unreadable], known: Mapping[str, Known]) -> _Found:
        """Takes in what was seen: what is complete goes into the ledger, a batch at a time; what is not settles."""
        found = _Found()
        moved: dict[str, list[str]] = defaultdict(list)
        for each in seen:
            if isinstance(each, Unreadable):
                found.unreadable.append(each)
                self._tell_unreadable(each)
                continue
            found.names.add(each.name)
            before = known.get(each.name)
            if before and before.stamp == each.stamp:
                if before.filesystem != (identity := self._on(each.name).identity):
                    moved[identity].append(each.name)
            elif before is None or before.state not in (State.WORKING, State.PUBLISHING):
                self._settling.saw(each.name, each, time.monotonic(), self._wall(each.name))
                if len(self._settling) % _BATCH == 0:
                    self._settle()
        for identity, names in moved.items():
            self._ledger.seen_on(self.folder.watch, identity, names)
        return found

    def _miss(self, known: Mapping[str, Known], found: _Found) -> None:
        """What is known and was not found has left, if the file system on which it was is there, and was before."""
        missing = [
            name
            for name, each in known.items()
            if name not in found.names and not found.hides(name) and each.filesystem == self._on(name).identity
        ]
        if missing:
            now = Filesystems(self.folder.watch)
            left = [each for each in missing if known[each].filesystem == now.on(each).identity]
            self._ledger.gone(self.folder.watch, left, time.time())

    def _settle(self) -> None:
        """Files that came due go into the ledger where they are complete."""
        complete: dict[str, list[Sighting]] = defaultdict(list)
        for name in self._settling.due(time.monotonic()):
            if seen := self._completed(name):
                complete[self._on(name).identity].append(seen)
        for identity, sightings in complete.items():
            if self._ledger.add(self.folder.watch, identity, sightings, time.time()):
                self._wake()

    def _look(self, name: str) -> Sighting | None:
        """A file as it is now; None where it is not to be taken, or cannot be seen: then a scan says why, soon."""
        try:
            return look(self.folder, name)
        except OSError:
            self._next_scan = min(self._next_scan, time.monotonic() + _AWAY)
            return None

    def _completed(self, name: str) -> Sighting | None:
        seen = self._look(name)
        if seen is None:
            self._settling.gone(name)
            return None
        try:
            awaited = self._is_young(seen) and is_awaited(self.folder, seen)
        except OSError:  # what lies beside it cannot be seen, so nothing speaks against it
            awaited = False
        writer = "unknown" if self._on(name).is_network else writer_of(self.folder.watch / name)
        now = time.monotonic()
        is_complete = self._settling.is_complete(name, seen, now, self._wall(name), writer=writer, awaited=awaited)
        return seen if is_complete else None

    def _is_young(self, seen: Sighting) -> bool:
        """Whether it matters what lies beside the file: an empty one may be a browser's placeholder for hours."""
        wall = self._wall(seen.name)
        changed = max(seen.stamp.mtime, seen.ctime)
        return not seen.stamp.size or wall is None or wall - changed < PATIENCE * 1e9

    def _on(self, name: str) -> Filesystem:
        """The file system of a file. Raises OSError where the folder cannot be reached, and was not before."""
        if self._filesystems is None:
            self._filesystems = Filesystems(self.folder.watch)
        return self._filesystems.on(name)

    def _wall(self, name: str) -> int | None:
        """The clock of a file's times, where that is this machine's."""
        return None if self._on(name).is_network else time.time_ns()

    def _listen(self, filesystem: Filesystem) -> None:
        """Has events told, where they can be. Raises OSError where the folder cannot be reached."""
        self._hinted = is_told(self.folder.observer, filesystem)
        if not self._hinted:
            return
        try:
            self._hints.watch(self.folder)
        except UnwatchedError as error:
            self._hinted = False
            if not self._told_unwatched:
                self._display.warned(f"{error} Until then it is scanned more often.", error)
        self._told_unwatched = not self._hinted

    def _away(self, why: str, error: Exception) -> None:
        if why != self._trouble:
            self._trouble = why
            self._display.warned(
                f"{shown(self.folder.watch)}: cannot be read: {why}. It is watched again when that is mended.", error
            )
        self._next_scan = time.monotonic() + _AWAY

    def _tell_unreadable(self, each: Unreadable) -> None:
        path = self.folder.watch / each.name
        if path not in self._told:
            self._told.add(path)
            self._display.warned(f"{shown(path)}: cannot be read: {each.why}. What lies there has to wait.")


class _Found:
    """What a scan has come across. names: of the files. unreadable: where it could not look."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.unreadable: list[Unreadable] = []

    def hides(self, name: str) -> bool:
        """True for files that may be there all the same."""
        return any(each.covers(name) for each in self.unreadable)
