"""Bytes that two processes see: what a client sends and what it gets lie in memory once, whoever works on them."""

from __future__ import annotations

import os
from collections.abc import Iterator

_CHUNK = 1 << 20


class Shared:
    """An anonymous file in memory (memfd_create(2)). It has no name that could be left behind: it is gone with the last
    process that holds it, also after kill -9."""

    def __init__(self, descriptor: int | None = None) -> None:
        """A new, empty one; or that of another process, whose descriptor came over a socket."""
        self.descriptor = os.memfd_create("bshm", os.MFD_CLOEXEC) if descriptor is None else descriptor
        self._open = True

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self.descriptor).st_size

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes at the end. Raises OSError (ENOSPC, ENOMEM) where memory is short."""
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]

    def read(self, start: int, length: int) -> bytes:
        """A part, copied; shorter where the file ends before it."""
        return os.pread(self.descriptor, length, start)

    def chunks(self, start: int, length: int) -> Iterator[bytes]:
        """A part, in pieces of at most 1 MiB."""
        for at in range(start, start + length, _CHUNK):
            yield os.pread(self.descriptor, min(_CHUNK, start + length - at), at)

    def close(self) -> None:
        """Lets go of it."""
        if self._open:
            self._open = False
            os.close(self.descriptor)
