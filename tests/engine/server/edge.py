"""A real uvicorn server with a small application, and clients that speak raw bytes to it."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPMessage, parse_headers
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from engine.server.protocol import ConnectionLimits, guarded
from engine.server.sockets import Listening

PATIENCE = 10.0  # seconds after which a test fails in place of hanging


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The body of a refusal."""
        assert self.headers["Content-Type"] == "application/problem+json"
        content: dict[str, Any] = json.loads(self.body)
        assert content["status"] == self.status
        assert content["detail"].startswith(content["what"])
        return content


@contextmanager
def serving(
    app: ASGIApp,
    listening: Listening,
    limits: ConnectionLimits | None = None,
    answered: Callable[[int], None] = lambda _: None,
) -> Iterator[uvicorn.Server]:
    """The application on these sockets, in a thread. limits: of all of them, where they are not the usual ones."""
    config = uvicorn.Config(
        app,
        http=guarded(listening, answered, *([limits, limits] if limits else [])),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=(listening.sockets,))
    thread.start()
    try:
        until(lambda: server.started)
        yield server
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server does not stop"


def until(true: Callable[[], object]) -> None:
    """Waits until something is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not become true"
        time.sleep(0.005)


@contextmanager
def on_unix(path: Path) -> Iterator[Listening]:
    """A listening Unix socket, nothing more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.bind(str(path))
        one.listen()
        yield Listening([one], None, str(path))


@contextmanager
def on_loopback(token: str) -> Iterator[Listening]:
    """A listening TCP socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield Listening([one], token, "")


@contextmanager
def connected(listening: Listening, number: int = 0) -> Iterator[socket.socket]:
    """A connection. number: of the socket to connect to."""
    listener = listening.sockets[number]
    with socket.socket(listener.family, socket.SOCK_STREAM) as one:
        one.settimeout(PATIENCE)
        one.connect(listener.getsockname())
        yield one


def read_answer(one: socket.socket) -> Answer:
    """The next answer on a connection, and not a byte more."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(one, 1)
    line, _, rest = head.partition(b"\r\n")
    headers = parse_headers(io.BytesIO(rest))
    return Answer(int(line.split()[1]), headers, read_exactly(one, int(headers["Content-Length"])))


def read_exactly(one: socket.socket, length: int) -> bytes:
    """So many bytes."""
    found = bytearray()
    while len(found) < length:
        piece = one.recv(length - len(found))
        assert piece, f"the connection was closed after {bytes(found[:200])!r}"
        found += piece
    return bytes(found)


def send_until_refused(one: socket.socket, pieces: Iterable[bytes], pause: float = 0) -> float:
    """Sends until the server closes the connection; the seconds that took."""
    began = time.monotonic()
    try:
        for each in pieces:
            one.sendall(each)
            time.sleep(pause)
            assert time.monotonic() - began < PATIENCE, "the server takes all of it"
    except (BrokenPipeError, ConnectionResetError):
        return time.monotonic() - began
    raise AssertionError("the server took all of it")


def is_closed(one: socket.socket) -> bool:
    """Whether the server says nothing more."""
    try:
        return one.recv(1) == b""
    except ConnectionResetError:
        return True


class Echo:
    """A small application: it reads the body and tells its length.

    The path /early answers without reading, /late a moment after the first piece of the body, /slow a moment after all
    of it, /large with 40 MB; /never waits until the client is gone.
    heard: the path of each request that came to its end, "gone" where the client left before.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = 0
        while scope["path"] != "/early":
            message = await receive()
            if message["type"] == "http.disconnect":
                self.heard.append("gone")
                return
            length += len(message["body"])
            if scope["path"] == "/late":
                await asyncio.sleep(0.2)
                break
            if not message["more_body"] and scope["path"] != "/never":
                break
        if scope["path"] == "/slow":
            await asyncio.sleep(0.4)
        pieces = [b"%d" % length] if scope["path"] != "/large" else [bytes(1_000_000)] * 40
        size = str(sum(map(len, pieces))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
        for number, each in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": each, "more_body": number < len(pieces)})
        self.heard.append(scope["path"])
