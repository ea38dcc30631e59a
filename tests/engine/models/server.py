"""A server on this machine that answers as it is told, well or badly."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request; `self.server` is the Server."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.requests.append(dict(self.headers))
        self.server.paths.append(self.path)
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def reply(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        """Keeps the tests' output clean."""


class Server(ThreadingHTTPServer):
    """Gives each request the next answer; the last one again and again."""

    daemon_threads = True

    def __init__(self, *answers: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.answers = list(answers)
        self.requests: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up, or does not trust the certificate, is what some tests are about."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


@dataclass(frozen=True)
class Tls:
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""

    file: Path

    def serve(self, *answers: Answer) -> Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return Server(*answers, tls=context)


def make_certificate(file: Path) -> Tls:
    """Raises FileNotFoundError where there is no openssl program."""
    options = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -addext subjectAltName=IP:127.0.0.1"
    key, certificate = file.with_suffix(".key"), file.with_suffix(".crt")
    command = ["openssl", "req", *options.split(), "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    file.write_bytes(key.read_bytes() + certificate.read_bytes())
    return Tls(file)


def whole(content: bytes, kind: str = "application/octet-stream") -> Answer:
    """All of it, whatever part was asked for."""
    return lambda handler: handler.reply(200, {"Content-Length": str(len(content)), "Content-Type": kind}, content)


def ranged(content: bytes, until: int | None = None) -> Answer:
    """The part that was asked for; where `until` is given the connection ends there."""

    def answer(handler: Handler) -> None:
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        headers = {"Content-Length": str(len(content) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.reply(206 if start else 200, headers, content[start:until])

    return answer


def marked(content: bytes, mark: str = '"1"', until: int | None = None, name: str = "ETag") -> Answer:
    """The part that was asked for where the file is still that of If-Range, else all of it.

    mark: of the file, in the header `name`. until: bytes of the file after which the connection ends.
    """

    def answer(handler: Handler) -> None:
        asked = handler.headers.get("Range", "")
        same = handler.headers.get("If-Range") == mark
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and same else 0
        headers = {"Content-Length": str(len(content) - start), name: mark}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.reply(206 if start else 200, headers, content[start:until])

    return answer


def status(number: int, **headers: str) -> Answer:
    """An answer without a body; underscores in the headers' names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(number, {"Content-Length": "0", **named})


def silent(handler: Handler) -> None:
    """Says nothing until the server ends."""
    handler.server.ended.wait()
    handler.close_connection = True
