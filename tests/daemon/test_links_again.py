"""Which failures of an address may be over in a minute, so that a hot folder tries it again, and which are not."""

from __future__ import annotations

import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from daemon.links import fetch
from engine.errors import LinkError, TooLargeError, UnreachableError
from engine.settings import Limits, Links
from tests.daemon.addresses import HERE, JPEG, LIMITS
from tests.daemon.server import Server, content, redirect, serving

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"


def later(address: str, links: Links = HERE) -> str:
    """The sentence about an address that is worth another try."""
    with pytest.raises(UnreachableError) as raised:
        fetch(address, LIMITS, links)
    return str(raised.value)


def never(address: str, links: Links = HERE, limits: Limits = LIMITS) -> str:
    """The sentence about an address that is not."""
    with pytest.raises((LinkError, TooLargeError)) as raised:
        fetch(address, limits, links)
    assert not isinstance(raised.value, UnreachableError)
    return str(raised.value)


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server for one connection, which is closed after the answer to its request; gives an address there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg"
        thread.join()


def reset(connection: socket.socket) -> None:
    """Closes a connection so that the other side meets ECONNRESET: socket(7), SO_LINGER with no time."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class TestLater:
    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
    def test_a_server_that_is_busy_or_broken(self, status: int, server: Server) -> None:
        server.answers["/a.jpg"] = lambda request: request.send_error(status)
        assert f"the server answered {status}" in later(server.url("/a.jpg"))

    def test_so_after_a_redirect(self, server: Server) -> None:
        server.answers |= {"/1": redirect("/a.jpg"), "/a.jpg": lambda request: request.send_error(503)}
        assert "the server answered 503" in later(server.url("/1"))

    def test_nobody_there(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        assert "Check the address and the connection" in later(f"http://127.0.0.1:{port}/a.jpg")

    def test_a_host_that_is_not_found(self) -> None:
        assert "the host no-such-host.invalid is not known" in later("http://no-such-host.invalid/a.jpg")

    def test_a_server_that_takes_too_long(self, server: Server) -> None:
        stop = threading.Event()
        server.answers["/a.jpg"] = lambda _: (stop.wait(20), None)[1]
        assert "it took longer than 0.3 seconds" in later(server.url("/a.jpg"), Links(allow_private=True, timeout=0.3))
        stop.set()

    @pytest.mark.parametrize(
        "start",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-",
            HEAD + b"Content-Length: 1000\r\n\r\n",
            HEAD + b"Content-Length: 1000\r\n\r\n" + JPEG,
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
        ],
        ids=["before all", "in the head", "before the content", "in the content", "between chunks", "in a chunk"],
    )
    @pytest.mark.parametrize("how", [lambda _: None, reset], ids=["closed", "reset"])
    def test_a_connection_that_is_cut(self, start: bytes, how: Callable[[socket.socket], None]) -> None:
        def answer(connection: socket.socket) -> None:
            connection.sendall(start)
            how(connection)

        with answering(answer) as address:
            assert "cannot be fetched" in later(address)


class TestNever:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
    def test_what_the_server_will_not_give(self, status: int, server: Server) -> None:
        server.answers["/a.jpg"] = lambda request: request.send_error(status)
        assert f"the server answered {status}" in never(server.url("/a.jpg"))

    def test_a_web_page(self, server: Server) -> None:
        server.answers["/a.jpg"] = content(b"<!doctype html>")
        assert "the address leads to a web page" in never(server.url("/a.jpg"))

    def test_nothing(self, server: Server) -> None:
        server.answers["/a.jpg"] = content(b"")
        assert "the server gave nothing" in never(server.url("/a.jpg"))

    def test_too_much(self, server: Server) -> None:
        server.answers["/a.jpg"] = content(b"x" * 3000)
        assert "the download is too large" in never(server.url("/a.jpg"), limits=Limits(megabytes=0.001))

    def test_this_machine(self, server: Server) -> None:
        assert "must not be fetched" in never(server.url("/a.jpg"), Links())

    def test_a_redirect_without_end(self, server: Server) -> None:
        server.answers["/a.jpg"] = redirect("/a.jpg")
        assert "redirected more than 5 times" in never(server.url("/a.jpg"))

    @pytest.mark.parametrize("target", ["http://[::1", "http://a:port/", "file:///etc/passwd", "http://"])
    def test_a_redirect_to_nowhere(self, target: str, server: Server) -> None:
        server.answers["/a.jpg"] = redirect(target)
        assert never(server.url("/a.jpg"))

    @pytest.mark.parametrize("address", ["ftp://127.0.0.1/a", "http://", "http://[::1", f"http://{'a' * 64}.example/"])
    def test_what_is_no_address(self, address: str) -> None:
        assert never(address)

    def test_content_that_is_packed_and_damaged(self, server: Server) -> None:
        server.answers["/a.jpg"] = content(b"no gzip", Content_Encoding="gzip")
        assert "cannot be fetched" in never(server.url("/a.jpg"))


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A key and a certificate for 127.0.0.1, which is believed here."""
        if not shutil.which("openssl"):
            pytest.skip("openssl makes the certificate, and it is not here")
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=here"
        more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
        subprocess.run([*command.split(), *more], cwd=tmp_path, check=True, capture_output=True)
        both = tmp_path / "both.pem"
        both.write_bytes((tmp_path / "key.pem").read_bytes() + (tmp_path / "cert.pem").read_bytes())
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        return both

    def test_a_certificate_that_is_not_believed_is_not_tried_again(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        with serving(certificate) as server:
            assert "certificate" in never(server.url("/a.jpg", scheme="https")).lower()

    def test_tls_that_is_not_spoken(self, server: Server) -> None:
        assert "cannot be fetched" in later(server.url("/a.jpg", scheme="https"))

    @pytest.mark.parametrize("then", [b"", b"\x17\x03\x03\x00\x20" + b"no TLS record at all, but noise."])
    def test_tls_that_breaks_in_the_content(self, then: bytes, certificate: Path) -> None:
        def half(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(HEAD + b"Content-Length: 1000\r\n\r\n" + JPEG)
            assert isinstance(request.connection, ssl.SSLSocket)
            with socket.socket(fileno=request.connection.detach()) as plain:
                plain.sendall(then)

        with serving(certificate) as server:
            server.answers["/a.jpg"] = half
            assert "cannot be fetched" in later(server.url("/a.jpg", scheme="https"))
