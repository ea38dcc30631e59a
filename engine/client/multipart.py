"""The parts of a multipart/mixed answer (RFC 2046, 5.1), read by their Content-Length: no pixel is searched for a
boundary, and each part is read once, into the memory that it stays in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

_LONGEST_LINE = 8192  # bytes; of a part's head, which has a few
_MOST_LINES = 20
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_NAME = re.compile(rb'[;\s]name="([A-Za-z0-9_-]{1,64})"')


class Stream(Protocol):
    """What can be read like an answer's body."""

    def readline(self, limit: int = -1, /) -> bytes:
        """Up to a line's end, or `limit` bytes."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fills some of the buffer; how many bytes: 0 where there are no more."""


class Part(NamedTuple):
    """One part. name: of its Content-Disposition."""

    name: str
    data: memoryview


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names. Raises ValueError."""
    found = _BOUNDARY.search(content_type)
    if not found:
        raise ValueError("its parts have no boundary")
    return (found[1] or found[2]).encode("ascii")


def read_parts(stream: Stream, boundary: bytes, most: int | None = None) -> Iterator[Part]:
    """The parts in their order. most: bytes that the body can have, where that is known.

    Raises ValueError, with a phrase that says why, where it breaks off or is written otherwise.
    """
    edge, last = b"--" + boundary, b"--" + boundary + b"--"
    line = _line(stream)
    while line != last:
        if line != edge:
            raise ValueError("a part does not begin where one should")
        head = _head(stream)
        name = _NAME.search(head.get(b"content-disposition", b""))
        length = head.get(b"content-length", b"")
        if not name or not length.isdigit() or len(length) > 15:
            raise ValueError("a part does not say its name and length")
        if most is not None and int(length) > most:
            raise ValueError("a part is said to be longer than the answer")
        yield Part(name[1].decode("ascii"), _data(stream, int(length)))
        if _line(stream):
            raise ValueError("a part is longer than it says")
        line = _line(stream)


def _line(stream: Stream) -> bytes:
    """A line without its end."""
    line = stream.readline(_LONGEST_LINE)
    if not line.endswith(b"\r\n"):
        raise ValueError("a line has no end" if len(line) == _LONGEST_LINE else "it breaks off")
    return line[:-2]


def _head(stream: Stream) -> dict[bytes, bytes]:
    """The headers of a part, their names in small letters."""
    head: dict[bytes, bytes] = {}
    while line := _line(stream):
        key, colon, value = line.partition(b":")
        if not colon or len(head) == _MOST_LINES:
            raise ValueError("a part's headers are no headers")
        head[key.strip().lower()] = value.strip()
    return head


def _data(stream: Stream, length: int) -> memoryview:
    data = memoryview(bytearray(length))
    rest = data
    while rest:
        read = stream.readinto(rest)
        if not read:
            raise ValueError("it breaks off")
        rest = rest[read:]
    return data.toreadonly()
