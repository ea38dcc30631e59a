"""What may listen on the engine's socket and is not this engine: an older one, a busy one, something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread
from typing import Any

_PROBLEM = "application/problem+json"


class _Http(BaseHTTPRequestHandler):
    """Ready for pictures, and then refuses them."""

    def address_string(self) -> str:
        return "unix"  # there is no (host, port) for a line of the log

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests look at what the plug-in says."""

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.send(200, b'{"state": "ready"}', Content_Type="application/json")
        else:
            self.send(404, b'{"detail": "unknown"}', Content_Type=_PROBLEM)

    def read_all(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))


class _Older(_Http):
    """An engine that does not know a parameter."""

    def do_POST(self) -> None:
        self.read_all()
        detail = {"type": "urn:bshm:problem:request", "detail": "unknown parameter 'edge': the parameters are want."}
        self.send(400, json.dumps(detail).encode(), Content_Type=_PROBLEM)


class _Busy(_Http):
    """An engine whose queue is full for an hour."""

    def do_POST(self) -> None:
        self.read_all()
        detail = {"type": "urn:bshm:problem:busy", "detail": "the queue is full: 512 pictures wait."}
        self.send(503, json.dumps(detail).encode(), Content_Type=_PROBLEM, Retry_After="3600")


class _Stranger(_Http):
    """Another program's web server."""

    def do_GET(self) -> None:
        self.send(404, b"<h1>Not Found</h1>", Content_Type="text/html")


class _Short(_Http):
    """Says that it sends a matte, and ends in the midst of it."""

    def do_POST(self) -> None:
        self.read_all()
        self.send_response(200)
        self.send_header("X-Bshm-Report", '{"warnings": []}')
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(bytes(1000))
        self.close_connection = True


class _Noise(StreamRequestHandler):
    """No HTTP at all."""

    def handle(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n" * 100)


STRANGERS = {"older": _Older, "busy": _Busy, "stranger": _Stranger, "short": _Short, "noise": _Noise}


@contextmanager
def strangers(folder: Path) -> Iterator[None]:
    """All of them, on NAME.sock in the folder."""
    with ExitStack() as stack:
        for name, handler in STRANGERS.items():
            server = stack.enter_context(ThreadingUnixStreamServer(str(folder / f"{name}.sock"), handler))
            server.daemon_threads = True
            thread = Thread(target=server.serve_forever)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield
