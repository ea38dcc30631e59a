"""How much memory the networks' process may take, that it takes no more, and which picture may use how much of it.

Loads no framework: the server asks for the budget too.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine.errors import TooLargeError
from engine.settings import Settings
from engine.work import Work

# How the C library (glibc; mallopt(3), and its manual's "Memory Allocation Tunables") is to behave in the process that
# runs the networks; it reads these as the process begins. As it comes, it keeps what large pictures have freed, in one
# pool a thread. Large blocks go straight back to the system instead, and huge pages make up for what asking for them
# anew costs. 30 pictures of 0.1 to 24 megapixels on three threads: 207 MB are kept afterwards instead of 461, 290 MB on
# average meanwhile instead of 570, in as much processor time.
WORKER_ENVIRONMENT: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

_MB = 1_000_000  # as in the settings

# Address space that counts for the kernel's limit though hardly any of it is ever touched: stacks of threads that begin
# later, 8 MiB each.
_STACKS = 32 * 8 * 2**20

# So many pictures that a person waits for may go before one that was there first; then it is its turn.
_MOST_PASSED = 8

_LOOK = 0.5  # seconds between two looks whether a picture that waits was cancelled


def budget_bytes(settings: Settings) -> int:
    """What the process that runs the networks may take: memory.megabytes, else half of what the machine, or the group
    that this process is in, has."""
    return settings.memory.megabytes * _MB or min(psutil.virtual_memory().total, group_limit()) // 2


def group_limit(groups: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> int:
    """The memory in bytes that the groups of this process allow (cgroups(7)), whichever is least; 2**63 without one."""
    try:
        lines = groups.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return _NO_LIMIT
    limits = [_NO_LIMIT]
    for line in lines:  # hierarchy:controllers:path
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2
            limits += _limits(root, path, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _limits(root / "memory", path, "memory.limit_in_bytes")
    return min(limits)


def _limits(root: Path, path: str, name: str) -> Iterator[int]:
    """Of a group and those around it, as far as they can be seen: a container sees its own as the root."""
    group = root / path.lstrip("/")
    while group != root.parent:
        yield _number(group / name)
        group = group.parent


_NO_LIMIT = 2**63


def _number(file: Path) -> int:
    """A limit's value; "max", and a file that is not there, limit nothing."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except OSError:
        return _NO_LIMIT
    return int(text) if text.isdecimal() else _NO_LIMIT


def enforce(budget: int) -> None:
    """From here on allocations fail in this process, as MemoryError or what libraries make of it, where it would take
    more than `budget` bytes; so it is not the kernel that ends it, nor another program.

    By RLIMIT_DATA (setrlimit(2), Linux 4.7 and later): it counts private memory that can be written. RLIMIT_AS would
    count what is shared with the server, and files, as well.
    """
    taken = psutil.Process().memory_info()
    untouched = taken.data - (taken.rss - taken.shared)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = budget + untouched + _STACKS
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))


class Budget:
    """Bytes that several threads' pictures share. Those that a person waits for go first, and none waits for ever."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._free = size
        self._waiting: list[_Place] = []
        self._changed = threading.Condition()

    @contextmanager
    def reserve(self, need: int, name: str, work: Work) -> Iterator[None]:
        """Waits until `need` bytes are free, and holds them. name: what sentences call the picture.

        Raises TooLargeError where they are more than the budget, and what work.reached raises meanwhile.
        """
        if need > self.size:
            raise TooLargeError(
                f"{name}: it would take about {need / _MB:.0f} MB of memory",
                f"pictures may take {max(0, self.size) / _MB:.0f} MB",
                "Raise memory.megabytes in the config, or make the picture smaller",
            )
        place = _Place(work.urgent)
        with self._changed:
            self._waiting.append(place)
        try:
            while not self._taken(place, need):
                work.reached("memory", 0.0)
        except BaseException:
            self._leave(place)
            raise
        try:
            yield
        finally:
            with self._changed:
                self._free += need
                self._changed.notify_all()

    def _taken(self, place: _Place, need: int) -> bool:
        """Takes it, if it is free and this one's turn within a moment."""
        with self._changed:
            free = self._changed.wait_for(lambda: self._next() is place and need <= self._free, _LOOK)
            if free:
                self._free -= need
                for each in self._waiting[: self._waiting.index(place)]:
                    each.passed += 1
                self._waiting.remove(place)
                self._changed.notify_all()
            return free

    def _leave(self, place: _Place) -> None:
        with self._changed:
            self._waiting.remove(place)
            self._changed.notify_all()

    def _next(self) -> _Place:
        return min(self._waiting, key=lambda each: (each.passed < _MOST_PASSED, not each.urgent))


class _Place:
    """In the row of those that wait. passed: how many that came later went before it."""

    def __init__(self, urgent: bool) -> None:
        self.urgent = urgent
        self.passed = 0
