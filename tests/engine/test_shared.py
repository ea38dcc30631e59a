"""Bytes in memory that two processes see, and that vanish with the last of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from engine.shared import Shared


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_what_is_added_can_be_read_in_parts() -> None:
    with Shared() as shared:
        for data in (b"abc", bytearray(b"def"), memoryview(b"ghi"), b""):
            shared.append(data)
        assert shared.size == 9
        assert shared.read(2, 5) == b"cdefg"
        assert shared.read(7, 100) == b"hi"


def test_long_parts_come_in_pieces() -> None:
    content = os.urandom(2_500_000)
    with Shared() as shared:
        shared.append(content)
        pieces = list(shared.chunks(10, 2_400_000))
    assert b"".join(pieces) == content[10:2_400_010]
    assert [len(piece) for piece in pieces] == [1 << 20, 1 << 20, 2_400_000 - (2 << 20)]


def test_closing_it_frees_it_and_may_be_done_twice() -> None:
    before = descriptors()
    shared = Shared()
    assert descriptors() == before + 1
    shared.close()
    shared.close()
    assert descriptors() == before


def test_another_process_sees_the_same_bytes() -> None:
    ours, theirs = socket.socketpair()
    reader = (
        "import socket, sys; from engine.shared import Shared\n"
        "_, (descriptor,), _, _ = socket.recv_fds(socket.socket(fileno=int(sys.argv[1])), 1, 1)\n"
        "shared = Shared(descriptor); print(shared.read(0, 99).decode()); shared.append(b' and back')"
    )
    with ours, theirs, Shared() as shared:
        shared.append(b"there")
        number = theirs.fileno()
        with subprocess.Popen(
            [sys.executable, "-c", reader, str(number)],
            pass_fds=[number],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        ) as other:
            socket.send_fds(ours, [b"."], [shared.descriptor])
            out, _ = other.communicate(timeout=20)
        assert out == b"there\n"
        assert shared.read(0, 99) == b"there and back"
