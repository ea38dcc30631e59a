"""Who goes first: interactive work before batch work, which never starves; and how much may wait.

The queue knows nothing of pictures or sockets: it orders what it is given, and counts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Generic, Literal, TypeVar

from engine.errors import BusyError

Priority = Literal["interactive", "batch"]
PRIORITIES: tuple[Priority, ...] = ("interactive", "batch")

# After so many interactive pictures in a row, a batch picture that waits has its turn.
_MOST_IN_A_ROW = 4

_Item = TypeVar("_Item")


class Queue(Generic[_Item]):
    """First come, first served, within each priority."""

    def __init__(self) -> None:
        self._waiting: dict[Priority, deque[_Item]] = {each: deque() for each in PRIORITIES}
        self._in_a_row = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __iter__(self) -> Iterator[_Item]:
        """Interactive ones first, each priority in its order."""
        for each in PRIORITIES:
            yield from self._waiting[each]

    def waiting(self, priority: Priority) -> int:
        """How many of this priority wait."""
        return len(self._waiting[priority])

    def add(self, item: _Item, priority: Priority) -> None:
        """To the end of its priority."""
        self._waiting[priority].append(item)

    def add_again(self, item: _Item, priority: Priority) -> None:
        """To the front of its priority: it had its turn, and lost it through no fault of its own."""
        self._waiting[priority].appendleft(item)

    def remove(self, item: _Item, priority: Priority) -> bool:
        """False where it does not wait."""
        try:
            self._waiting[priority].remove(item)
        except ValueError:
            return False
        return True

    def take(self, allowed: Collection[Priority]) -> _Item | None:
        """Whose turn it is among the priorities that there is room for; None where nobody of them waits."""
        ready = [each for each in PRIORITIES if each in allowed and self._waiting[each]]
        if not ready:
            return None
        overdue = self._in_a_row >= _MOST_IN_A_ROW and "batch" in ready
        chosen = "batch" if overdue else ready[0]
        self._in_a_row = self._in_a_row + 1 if chosen == "interactive" and self._waiting["batch"] else 0
        return self._waiting[chosen].popleft()


class Bounds:
    """What is in the engine's hands until its answer is out: pictures, and the bytes of their files and results."""

    def __init__(self, most_pictures: int, most_bytes: int) -> None:
        self.most_pictures, self.most_bytes = most_pictures, most_bytes
        self.pictures = self.bytes = 0

    def open(self, retry_after: int) -> None:
        """Counts a picture in. Raises BusyError where there is no room. retry_after: seconds."""
        if self.pictures >= self.most_pictures:
            raise BusyError(
                "the engine's queue is full",
                f"{self.pictures} pictures are in it",
                f"Try again in {retry_after} s, or set queue.pictures higher in the config file",
                retry_after=retry_after,
            )
        self.pictures += 1

    def reserve(self, length: int, retry_after: int) -> None:
        """Counts bytes in. Raises BusyError where there is no room; one file has room in an empty queue, however large
        (limits.megabytes decides about that). retry_after: seconds."""
        if self.bytes and self.bytes + length > self.most_bytes:
            raise BusyError(
                "the engine's queue is full",
                f"its pictures take {self.bytes / 1e6:.0f} MB, and this one takes {length / 1e6:.0f} MB more",
                f"Try again in {retry_after} s, or set queue.megabytes higher in the config file",
                retry_after=retry_after,
            )
        self.bytes += length

    def add(self, length: int) -> None:
        """Counts bytes in that are there already, whether there is room or not."""
        self.bytes += length

    def close(self, length: int) -> None:
        """Counts a picture and its bytes out."""
        self.pictures -= 1
        self.bytes -= length
