"""When a file that was seen is complete: it stood still long enough, and nobody is writing it."""

from __future__ import annotations

import errno
import fcntl
import heapq
import itertools
import os
import signal
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from daemon.watch.hot_folder import Sighting

Writer = Literal["nobody", "somebody", "unknown"]
Key = TypeVar("Key", bound=Hashable)

# Seconds for an empty file to get content, and for one beside an unfinished copy to be replaced by it.
PATIENCE = 30.0
_PAUSE = 10.0  # seconds at most between two looks at a file that is held open
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def writer_of(path: Path) -> Writer:
    """Whether anybody has the file open for writing, for file systems of this machine only.

    A read lease is granted only where nobody has (fcntl(2), F_SETLEASE), to the file's owner, and is given back at
    once. On network shares the answer tells nothing: there a lease is refused for other reasons, with the same words.
    """
    try:
        descriptor = os.open(os.path.realpath(path), _FLAGS)
    except OSError:  # whoever reads it says why
        return "unknown"
    try:
        # Somebody who opens the file for writing in this very moment waits until the lease is back, and this process
        # is told by a signal. SIGIO would end it; SIGURG is ignored where nobody asked for it (signal(7)).
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return "somebody" if error.errno == errno.EAGAIN else "unknown"
    else:
        return "nobody"
    finally:
        os.close(descriptor)  # this gives the lease back


@dataclass
class _File:
    """since: when it last changed, as far as is known. due: when to look again. entry: its place in the heap, if any,
    and `queued` what time that has. All in seconds of one monotonic clock."""

    sighting: Sighting
    since: float
    due: float = 0.0
    queued: float = 0.0
    entry: int | None = None


class Settling(Generic[Key]):
    """The files that are not known to be complete, and when each is worth another look.

    Has neither threads nor clocks: `now` is monotonic seconds, `wall` is nanoseconds since 1970 by the clock of the
    files' times, which is None where that is another machine's.
    """

    def __init__(self, settle: float) -> None:
        """settle: seconds for which a file must stand still."""
        self._settle = settle
        self._files: dict[Key, _File] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._count = itertools.count()

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, key: Key) -> bool:
        return key in self._files

    def saw(self, key: Key, sighting: Sighting, now: float, wall: int | None) -> None:
        """A file was seen. Starts its time anew where it changed; the time since its last change by `wall` counts."""
        file = self._noted(key, sighting, now, wall)
        if file.entry is None:
            self._schedule(key, self._quiet_at(file))

    def touched(self, key: Key, now: float) -> None:
        """An event came for a file. Starts its time anew, if it is one of these."""
        if file := self._files.get(key):
            file.since = now
            self._schedule(key, self._quiet_at(file))

    def gone(self, key: Key) -> None:
        """The file has left."""
        self._files.pop(key, None)

    def due(self, now: float) -> list[Key]:
        """The files to look at again, each of which is then to be given to is_complete() or gone(); one that is not
        comes due again when it is seen again."""
        keys = []
        while (first := self.next_due()) is not None and first <= now:
            key = heapq.heappop(self._heap)[2]
            self._files[key].entry = None
            keys.append(key)
        return keys

    def next_due(self) -> float | None:
        """When due() has something to say, if nothing happens until then."""
        while self._heap:
            queued, entry, key = self._heap[0]
            file = self._files.get(key)
            if file is None or file.entry != entry:
                heapq.heappop(self._heap)
            elif file.due > queued:
                file.queued = file.due
                heapq.heapreplace(self._heap, (file.due, entry, key))
            else:
                return queued
        return None

    def is_complete(
        self, key: Key, sighting: Sighting, now: float, wall: int | None, *, writer: Writer, awaited: bool
    ) -> bool:
        """The verdict on a file as it is seen now. A complete one is forgotten, another comes due again.

        writer: as writer_of() says. awaited: as scan.is_awaited() says. A file without content is given 30 seconds,
        and any time while it is awaited, since a browser may be fetching it. So is one with content 30 seconds while
        it is awaited.
        """
        file = self._noted(key, sighting, now, wall)
        still = now - file.since
        held = writer == "somebody" or (awaited and (not sighting.stamp.size or still < PATIENCE))
        quiet_at = self._quiet_at(file)
        if held:
            self._schedule(key, max(quiet_at, now + min(max(self._settle, still / 2), _PAUSE)))
            return False
        if now < quiet_at:
            self._schedule(key, quiet_at)
            return False
        del self._files[key]
        return True

    def _noted(self, key: Key, sighting: Sighting, now: float, wall: int | None) -> _File:
        file = self._files.get(key)
        if file is None or file.sighting != sighting:
            if file is None:
                file = self._files[key] = _File(sighting, now)
            file.sighting, file.since = sighting, now - _age(sighting, wall)
            self._schedule(key, self._quiet_at(file))
        return file

    def _quiet_at(self, file: _File) -> float:
        return file.since + (self._settle if file.sighting.stamp.size else max(self._settle, PATIENCE))

    def _schedule(self, key: Key, due: float) -> None:
        """One entry in the heap for each file; one that is due later than its entry says is moved when that comes."""
        file = self._files[key]
        file.due = due
        if file.entry is None or due < file.queued:
            file.entry, file.queued = next(self._count), due
            heapq.heappush(self._heap, (due, file.entry, key))


def _age(sighting: Sighting, wall: int | None) -> float:
    """Seconds since the file last changed, 0 where that is not known: times in the future say nothing."""
    if wall is None:
        return 0.0
    return max(0.0, (wall - max(sighting.stamp.mtime, sighting.ctime)) / 1e9)
