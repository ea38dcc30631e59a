from __future__ import annotations

import ipaddress
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.links import fetch, is_public, safe_name
from engine.errors import LinkError, TooLargeError
from engine.settings import Limits, Links
from tests.daemon.server import Server, content, redirect, serving

HERE = Links(allow_private=True, timeout=20)
LIMITS = Limits()
# Every block of the IANA registries that leads to no single public host, and ways to write such addresses in IPv6.
NOT_PUBLIC = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1"),  # noqa: S104
    *("172.31.255.255", "192.168.1.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "2002:7f00:1::", "2002:c0a8:101::1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo, for 192.0.2.45
]
PUBLIC = ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
JPEG = b"\xff\xd8\xff\xe0 not much of a picture"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Says which addresses a host has, one list for each time it is asked for; gives the hosts that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def known(**hosts: list[list[str]]) -> list[str]:
        def getaddrinfo(host: str, port: int, *rest: Any, **named: Any) -> Any:
            turns = hosts.get(host.replace(".", "_"))
            if turns is None:
                return real(host, port, *rest, **named)
            asked.append(host)
            return [found for each in turns.pop(0) for found in real(each, port, *rest, **named)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return known


def refused(address: str, links: Links = HERE, limits: Limits = LIMITS) -> str:
    with pytest.raises((LinkError, TooLargeError)) as raised:
        fetch(address, limits, links)
    return str(raised.value)


class TestFetching:
    def test_a_picture(self, server: Server) -> None:
        server.answers["/a/photo.jpg?w=1"] = content(JPEG)
        fetched = fetch(server.url("/a/photo.jpg?w=1"), LIMITS, HERE)
        assert (fetched.data, fetched.name) == (JPEG, "photo.jpg")
        assert fetched.address == server.url("/a/photo.jpg?w=1")

    def test_redirects_are_followed(self, server: Server) -> None:
        server.answers |= {
            "/1": redirect("/2", 301),
            "/2": redirect("3", 307),
            "/3": redirect(server.url("/4.jpg"), 308),
            "/4.jpg": content(JPEG),
        }
        fetched = fetch(server.url("/1"), LIMITS, HERE)
        assert (fetched.data, fetched.name, fetched.address) == (JPEG, "4.jpg", server.url("/4.jpg"))

    def test_but_not_for_ever(self, server: Server) -> None:
        server.answers["/round"] = redirect("/round")
        assert "redirected more than 5 times" in refused(server.url("/round"))
        assert len(server.asked) == 6

    def test_nor_to_files(self, server: Server) -> None:
        server.answers["/a"] = redirect("file:///etc/passwd")
        assert "only http and https addresses are" in refused(server.url("/a"))

    def test_the_name_is_sent_to_the_address_it_has(self, server: Server, names: Callable[..., list[str]]) -> None:
        names(photos_example=[["127.0.0.1"]])
        server.answers["/a.jpg"] = content(JPEG)
        assert fetch(server.url("/a.jpg", "photos.example"), LIMITS, HERE).data == JPEG
        ((_, headers),) = server.asked
        assert headers["Host"] == f"photos.example:{server.server_port}"

    def test_the_next_address_is_tried_where_one_does_not_answer(
        self, server: Server, names: Callable[..., list[str]]
    ) -> None:
        names(photos_example=[["127.0.0.2", "127.0.0.1"]])
        server.answers["/a.jpg"] = content(JPEG)
        assert fetch(server.url("/a.jpg", "photos.example"), LIMITS, HERE).data == JPEG

    def test_proxies_are_not_used_and_that_is_said(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        server.answers["/a.jpg"] = content(JPEG)
        assert fetch(server.url("/a.jpg"), LIMITS, HERE).data == JPEG
        assert "Proxies are not used" in refused("http://127.0.0.1:9/a.jpg")


class TestPasswords:
    def test_a_user_and_password_are_sent_to_their_own_host_alone(
        self, server: Server, names: Callable[..., list[str]]
    ) -> None:
        names(photos_example=[["127.0.0.1"], ["127.0.0.1"]], other_example=[["127.0.0.1"]])
        server.answers |= {
            "/1": redirect("/2"),
            "/2": redirect(server.url("/3.jpg", "other.example")),
            "/3.jpg": content(JPEG),
        }
        fetched = fetch(server.url("/1", "me:secret@photos.example"), LIMITS, HERE)
        sent = [headers.get("Authorization") for _, headers in server.asked]
        assert sent == ["Basic bWU6c2VjcmV0", "Basic bWU6c2VjcmV0", None]
        assert "secret" not in repr(fetched)

    def test_those_that_a_redirect_brings_are_not_sent(self, server: Server) -> None:
        server.answers |= {"/1": redirect(server.url("/2.jpg", "me:secret@127.0.0.1")), "/2.jpg": content(JPEG)}
        assert "secret" not in fetch(server.url("/1"), LIMITS, HERE).address
        assert "Authorization" not in server.asked[1][1]

    @pytest.mark.parametrize(
        "address",
        [
            "http://me:secret@127.0.0.1:9/a.jpg",
            "http://me:secret@no-such-host.invalid/a.jpg",
            "ftp://me:secret@127.0.0.1/a.jpg",
            "http://me:secret@127.0.0.1:port/a.jpg",
            "http://me:secret/part@127.0.0.1/a.jpg",
            "http://me:secret@/a.jpg",
            "http://me:secret@[::1/a.jpg",
        ],
    )
    def test_no_sentence_and_no_cause_has_them(self, address: str) -> None:
        with pytest.raises(LinkError) as raised:
            fetch(address, LIMITS, Links())
        error: BaseException | None = raised.value
        while error:
            assert "secret" not in str(error)
            error = error.__cause__


class TestPrivateAddresses:
    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]"]
    )
    def test_this_machine_is_not_asked(self, host: str, server: Server) -> None:
        said = refused(server.url("/a.jpg", host), Links())
        assert "must not be fetched" in said or "is not known" in said
        assert server.asked == []

    def test_the_sentence_says_what_to_do(self, server: Server) -> None:
        assert refused(server.url("/a.jpg"), Links()) == (
            f"http://127.0.0.1:{server.server_port}/a.jpg: must not be fetched: its host is 127.0.0.1, in a private "
            "network or on this machine. Set allow_private to true below links in the config if you trust such "
            "addresses."
        )

    @pytest.mark.parametrize("address", NOT_PUBLIC)
    def test_addresses_that_are_not_public(self, address: str) -> None:
        assert not is_public(ipaddress.ip_address(address))

    @pytest.mark.parametrize("address", PUBLIC)
    def test_addresses_that_are(self, address: str) -> None:
        assert is_public(ipaddress.ip_address(address))

    def test_a_redirect_to_one_is_not_followed(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """127.0.0.1 counts as public here, since no test has a public server."""
        monkeypatch.setattr("daemon.links.is_public", lambda address: str(address) == "127.0.0.1")
        with serving(address="127.0.0.2") as inside:
            inside.answers["/a.jpg"] = content(JPEG)
            server.answers["/1"] = redirect(inside.url("/a.jpg", "127.0.0.2"))
            assert "must not be fetched: its host is 127.0.0.2" in refused(server.url("/1"), Links())
            assert (len(server.asked), len(inside.asked)) == (1, 0)

    def test_a_host_is_asked_for_once_and_that_answer_is_used(
        self, server: Server, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A second answer (DNS rebinding) would raise here, since there is none."""
        asked = names(photos_example=[["127.0.0.1"]])
        server.answers["/a.jpg"] = content(JPEG)
        monkeypatch.setattr("daemon.links.is_public", lambda _: True)
        assert fetch(server.url("/a.jpg", "photos.example"), LIMITS, Links()).data == JPEG
        assert asked == ["photos.example"]

    def test_of_a_hosts_addresses_only_public_ones_are_used(
        self, server: Server, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names(photos_example=[["127.0.0.1", "127.0.0.2"]])
        monkeypatch.setattr("daemon.links.is_public", lambda address: str(address) == "127.0.0.2")
        assert "cannot be fetched" in refused(server.url("/a.jpg", "photos.example"), Links())
        assert server.asked == []


class TestBadAnswers:
    @pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503])
    def test_an_error_of_the_server(self, status: int, server: Server) -> None:
        server.answers["/a"] = lambda request: request.send_error(status)
        assert f"the server answered {status}" in refused(server.url("/a"))

    def test_nothing(self, server: Server) -> None:
        server.answers["/a"] = content(b"")
        assert "the server gave nothing" in refused(server.url("/a"))

    @pytest.mark.parametrize(
        "page", [b"<!DOCTYPE html><p>", b"\xef\xbb\xbf\n <html lang=x>", b"<!-- hi -->\n<HEAD>", b"<!doctype\nHTML>"]
    )
    def test_a_web_page_whatever_it_says_it_is(self, page: bytes, server: Server) -> None:
        server.answers["/a.jpg"] = content(page, "image/jpeg")
        assert refused(server.url("/a.jpg")) == (
            f"{server.url('/a.jpg')}: not a picture: the address leads to a web page. Open it in a browser and copy "
            "the address of the picture itself."
        )

    def test_a_picture_that_says_it_is_a_web_page(self, server: Server) -> None:
        server.answers["/a"] = content(JPEG, "text/html")
        assert fetch(server.url("/a"), LIMITS, HERE).data == JPEG

    @pytest.mark.parametrize("said", ["1000000", "3"])
    def test_more_than_is_allowed_whatever_its_length_is_said_to_be(self, said: str, server: Server) -> None:
        server.answers["/a"] = content(b"x" * 1_000_000, Content_Length=said)
        allowed = Limits(megabytes=0.5)
        if said == "3":
            assert fetch(server.url("/a"), allowed, HERE).data == b"xxx"
        else:
            assert "it has more than 0.5 MB" in refused(server.url("/a"), limits=allowed)

    def test_more_than_is_allowed_without_a_length(self, server: Server) -> None:
        def endless(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.end_headers()
            while True:
                request.wfile.write(b"x" * 65536)

        server.answers["/a"] = endless
        assert "it has more than 2 MB" in refused(server.url("/a"), limits=Limits(megabytes=2))

    def test_less_than_was_said(self, server: Server) -> None:
        server.answers["/a"] = content(JPEG, Content_Length="100000")
        assert "cannot be fetched" in refused(server.url("/a"))

    @pytest.mark.parametrize("part", ["headers", "content"])
    def test_a_server_that_drips_is_given_up_in_time(self, part: str, server: Server) -> None:
        def drip(request: BaseHTTPRequestHandler) -> None:
            start = b"HTTP/1.1 200 OK\r\n" + (b"X: " if part == "headers" else b"\r\n")
            request.wfile.write(start)
            for _ in range(300):
                request.wfile.write(b"x")
                request.wfile.flush()
                time.sleep(0.05)

        server.answers["/a"] = drip
        before = time.monotonic()
        said = refused(server.url("/a"), Links(allow_private=True, timeout=0.5))
        assert "it took longer than 0.5 seconds" in said
        assert time.monotonic() - before < 5

    def test_nobody_there(self) -> None:
        assert "Check the address and the connection" in refused("http://127.0.0.1:9/a.jpg")

    def test_a_host_that_is_not_known(self) -> None:
        assert "the host no-such-host.invalid is not known" in refused("http://no-such-host.invalid/a.jpg")

    @pytest.mark.parametrize("address", ["http://", "http:///a.jpg", "https://[::1", "ftp://127.0.0.1/a", "file:///a"])
    def test_what_is_no_address(self, address: str) -> None:
        said = refused(address)
        assert "not a valid address" in said or "only http and https addresses are" in said

    def test_a_server_that_speaks_no_http(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def answer() -> None:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"SSH-2.0-x\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            assert "cannot be fetched" in refused(f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg")
            thread.join()


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A key and a certificate for photos.example, signed by itself."""
        if not shutil.which("openssl"):
            pytest.skip("openssl makes the certificate, and it is not here")
        file = tmp_path / "both.pem"
        name = "photos.example"
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -out cert.pem"
        more = ["-keyout", file.name, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
        subprocess.run([*command.split(), *more], cwd=tmp_path, check=True, capture_output=True)
        file.write_bytes(file.read_bytes() + (tmp_path / "cert.pem").read_bytes())
        return file

    def test_the_certificate_must_be_the_names(
        self, certificate: Path, names: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("cert.pem")))
        names(photos_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
        with serving(certificate) as server:
            server.answers["/a.jpg"] = content(JPEG)
            good = server.url("/a.jpg", "photos.example", "https")
            assert fetch(good, LIMITS, HERE).data == JPEG
            for host in ("other.example", "127.0.0.1"):
                said = refused(server.url("/a.jpg", host, "https"))
                assert "certificate" in said.lower()

    def test_an_unknown_certificate_is_refused(self, certificate: Path, names: Callable[..., list[str]]) -> None:
        names(photos_example=[["127.0.0.1"]])
        with serving(certificate) as server:
            assert "certificate" in refused(server.url("/a.jpg", "photos.example", "https")).lower()
            assert server.asked == []


class TestNames:
    @pytest.mark.parametrize(
        ("header", "name"),
        [
            ('attachment; filename="photo 1.jpg"', "photo 1.jpg"),
            ("attachment; filename*=UTF-8''%E7%85%A7%E7%89%87.jpg", "照片.jpg"),
            ('inline; filename="../../etc/passwd"', "passwd"),
            ('inline; filename="C:\\\\photos\\\\a.jpg"', "a.jpg"),
            ('inline; filename="..."', "served.jpg"),
            ("inline", "served.jpg"),
            ("nonsense; ;; =", "served.jpg"),
        ],
    )
    def test_the_server_names_it(self, header: str, name: str, server: Server) -> None:
        server.answers["/x/served.jpg"] = content(JPEG, Content_Disposition=header)
        assert fetch(server.url("/x/served.jpg"), LIMITS, HERE).name == name

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/%E7%85%A7.jpg", "照.jpg"),
            ("/a%2F..%2Fb.jpg", "b.jpg"),
            ("/x/", "x"),
            ("/", "127.0.0.1"),
            ("/%0a%00", "127.0.0.1"),
        ],
    )
    def test_or_the_address_does(self, path: str, name: str, server: Server) -> None:
        server.answers[path] = content(JPEG)
        assert fetch(server.url(path), LIMITS, HERE).name == name

    @given(st.text())
    def test_a_name_is_safe(self, text: str) -> None:
        name = safe_name(text)
        assert "/" not in name
        assert "\0" not in name
        assert name not in (".", "..")
        assert not name.startswith(("-", "."))
        assert name == safe_name(name)
