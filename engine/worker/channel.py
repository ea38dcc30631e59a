"""Messages between the server and its worker: JSON over a SOCK_SEQPACKET pair, with at most one descriptor each.

Server to worker:

    {"do": "begin", "settings": {...}}                                   once, first
    {"do": "run", "job": ID, "order": {...}} + descriptor of the body    worker.order.Order
    {"do": "cancel", "job": ID}

A job's ID is its ticket here, which no other job ever has.

Worker to server:

    {"say": "ready", "device": ..., "networks": [...]}       once, when the networks are loaded and warm
    {"say": "broken", "problem": {...}}                      once, in place of "ready"; the worker ends
    {"say": "stage", "job": ID, "stage": ..., "progress": 0..1}
    {"say": "done", "job": ID, "parts": [...]} + descriptor of the results; the first part is the report
    {"say": "failed", "job": ID, "problem": {...}, "trace": text for the log, or ""}
    {"say": "beat", "busy": seconds since the running network began, 0 where none runs, "runs": how many have ended,
     "device", "networks": as in "ready", where a request has loaded another}
"""

from __future__ import annotations

import json
import socket
from typing import Any

from engine.shared import Shared

Message = dict[str, Any]

# One message at most; the socket's buffer holds several. What may be longer (reports) goes into the shared memory.
_LONGEST = 60_000
_LONGEST_TRACE = 12_000  # characters; up to four bytes each


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends, blocking."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, message: Message, shared: Shared | None = None) -> None:
    """Sends one message. Raises OSError where the other end is gone."""
    data = json.dumps(message, ensure_ascii=False).encode("utf-8", "backslashreplace")
    socket.send_fds(end, [data], [] if shared is None else [shared.descriptor])


def receive(end: socket.socket) -> tuple[Message, Shared | None] | None:
    """The next message; None where the other end is closed. Raises BlockingIOError on a non-blocking end."""
    try:
        data, descriptors, _, _ = socket.recv_fds(end, _LONGEST, 1, socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return None
    if not data:
        return None
    return json.loads(data), Shared(descriptors[0]) if descriptors else None


def shortened(trace: str) -> str:
    """A traceback that fits into a message; its end says the most."""
    return trace[-_LONGEST_TRACE:]
