from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.links import fetch, safe_name
from engine.errors import LinkError
from engine.settings import Limits, Links
from tests.daemon.addresses import HERE, JPEG, LIMITS, refused
from tests.daemon.server import Server, content, redirect


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
        assert fetched.addresses == tuple(server.url(each) for each in ("/1", "/2", "/3", "/4.jpg"))

    def test_but_not_for_ever(self, server: Server) -> None:
        server.answers["/round"] = redirect("/round")
        assert "redirected more than 5 times" in refused(server.url("/round"))
        assert len(server.asked) == 6

    def test_nor_to_files(self, server: Server) -> None:
        server.answers["/a"] = redirect("file:///etc/passwd")
        why = "cannot be fetched: only http and https addresses are."
        assert refused(server.url("/a")) == f"file:///etc/passwd: {why}"

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

    @pytest.mark.parametrize("address", ["file:///etc/passwd", "https://", "http:///a.jpg", "ftp://example.org/a b"])
    def test_an_address_is_shown_as_it_was_written(self, address: str) -> None:
        assert refused(address) == f"{address}: cannot be fetched: only http and https addresses are."

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
