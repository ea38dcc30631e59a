"""Servers on real sockets that do as a test says, also what no engine would do."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from engine.client import Client

Turn = Callable[[socket.socket], None]


class Request(NamedTuple):
    """What a client sent. head: its first line and headers, by name in small letters."""

    line: str
    head: dict[str, str]
    body: bytes


def read_request(peer: socket.socket) -> Request:
    """One whole request."""
    with peer.makefile("rb") as stream:
        line = stream.readline().decode().strip()
        head = {}
        while text := stream.readline().decode("latin-1").strip():
            key, _, value = text.partition(":")
            head[key.lower()] = value.strip()
        return Request(line, head, stream.read(int(head.get("content-length", "0"))))


def reply(status: str, media_type: str, body: bytes, **headers: str) -> bytes:
    """An answer in full."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    named = {"Content-Type": media_type, "Content-Length": str(len(body)), **given}
    lines = [f"HTTP/1.1 {status}", *(f"{key}: {value}" for key, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def json_reply(content: Any, status: str = "200 OK", **headers: str) -> bytes:
    return reply(status, "application/json", json.dumps(content).encode(), **headers)


def problem(kind: str, status: str, what: str, **headers: str) -> bytes:
    content = {"type": f"urn:bshm:problem:{kind}", "status": int(status[:3]), "what": what, "why": "so it is"}
    return reply(status, "application/problem+json", json.dumps(content).encode(), **headers)


def parts(boundary: bytes, *each: tuple[str, str, bytes]) -> bytes:
    """A multipart body as the engine writes it: name, media type and bytes of each part."""
    pieces = [
        b'--%s\r\nContent-Type: %s\r\nContent-Length: %d\r\nContent-Disposition: attachment; name="%s"\r\n\r\n%s\r\n'
        % (boundary, media_type.encode(), len(data), name.encode(), data)
        for name, media_type, data in each
    ]
    return b"".join(pieces) + b"--" + boundary + b"--\r\n"


def cut_out_reply(report: dict[str, Any], results: dict[str, bytes], job: str = "j1") -> bytes:
    """The engine's answer to a picture."""
    body = parts(
        b"edge",
        ("report", "application/json", json.dumps(report).encode()),
        *((name, "image/png", data) for name, data in results.items()),
    )
    return reply("200 OK", "multipart/mixed; boundary=edge", body, X_Bshm_Job=job)


REPORT = {"width": 2, "height": 1, "people": []}
GOOD = cut_out_reply(REPORT, {"cutout": b"\x89PNG", "matte": b"grey" * 100_000})
LARGE = bytes(8_000_000)  # many times what a socket holds


def quick(address: Path) -> Client:
    """A client that is patient for a third of a second."""
    return Client(address, timeout=0.3, patience=5)


def mute(peer: socket.socket) -> None:
    """Takes everything and says nothing."""
    while peer.recv(1 << 20):
        pass


def saying(answer: bytes) -> Turn:
    """Reads the request, answers, and hangs up."""

    def turn(peer: socket.socket) -> None:
        read_request(peer)
        peer.sendall(answer)

    return turn


@contextmanager
def listening(path: Path, *turns: Turn) -> Iterator[list[int]]:
    """Serves one connection after the other, each in a thread: the first has the first turn, the last turn is repeated.

    Gives a list that has a number for each connection.
    """
    served: list[int] = []
    threads: list[threading.Thread] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve(peer: socket.socket, turn: Turn) -> None:
            with peer, suppress(BrokenPipeError, ConnectionResetError):
                turn(peer)

        def accept() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:  # the test is over
                    return
                turn = turns[min(len(served), len(turns) - 1)]
                served.append(len(served))
                threads.append(threading.Thread(target=serve, args=(peer, turn)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield served
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for each in threads:
                each.join(timeout=20)
