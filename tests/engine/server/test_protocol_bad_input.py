"""What is no HTTP is answered with a problem, and an early answer reaches a client that still sends."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.server.protocol import ConnectionLimits
from engine.server.sockets import Listening
from tests.engine.server.conftest import short_folder
from tests.engine.server.edge import (
    Echo,
    connected,
    is_closed,
    on_loopback,
    on_unix,
    read_answer,
    send_until_refused,
    serving,
    until,
)

GET = b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n"
HEAD = b"POST /read HTTP/1.1\r\nHost: engine\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
TOKEN = "t" * 40
QUICK = ConnectionLimits(headers=50, linger=0.5)

echo = Echo()


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    with short_folder() as folder, on_unix(folder / "s") as one, serving(echo, one, QUICK):
        yield one


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300),  # a TLS handshake
            400,
            "its first line is none of HTTP",
        ),
        (b"GET\r\n\r\n", 400, "its first line is none of HTTP"),
        (b"\r\n\r\n", 400, "it begins with an empty line"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "it has no Host"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "it has more than one Host"),
        (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "its headers begin with the rest of one"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", 400, "one of its headers is no header of HTTP"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400, "one of its headers is no header of HTTP"),
        ("GET /人 HTTP/1.1\r\nHost: a\r\n\r\n".encode(), 400, "its first line is none of HTTP"),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400, "its Content-Length is no length"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "it has two different lengths"),
        (HEAD + b"Content-Length: " + b"9" * 25 + b"\r\n\r\n", 400, "its Content-Length is no length"),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 400, "its Transfer-Encoding is another than chunked"),
        (HEAD + CHUNKED[:-2] + CHUNKED, 400, "it has more than one Transfer-Encoding"),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "the request's method is CONNECT"),
        (HEAD + CHUNKED + b"five\r\nhello\r\n", 400, "one of its chunks does not begin with a length"),
        (HEAD + CHUNKED + b"3\r\nhello\r\n", 400, "one of its chunks is longer than it says"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000, 431, "its headers are too long"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", 431, "its headers are too long"),
        (b"GET /" + b"x" * 300_000, 431, "its headers are too long"),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: 1\r\n" % each for each in range(60)) + b"\r\n",
            431,
            "it has 61, and 50 is the most",
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a:\r\n" * 50_000 + b"\r\n", 431, "its headers are too long"),
    ],
    ids=lambda each: repr(each[:40]) if isinstance(each, bytes) else None,
)
def test_what_is_no_proper_request_gets_a_problem_that_says_why(
    listening: Listening, said: bytes, status: int, why: str
) -> None:
    with connected(listening) as one:
        with suppress(BrokenPipeError, ConnectionResetError):
            one.sendall(said)
        answer = read_answer(one)
        assert (answer.status, answer.problem["why"]) == (status, why)
        assert re.fullmatch(r"[^\n]+\.", answer.problem["detail"])


def test_headers_that_never_end_are_cut_short(listening: Listening) -> None:
    with connected(listening) as one:
        one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        send_until_refused(one, (b"X-%d: 1\r\n" % each for each in range(1_000_000)))
        assert read_answer(one).status == 431


def test_many_headers_behind_another_request_are_refused_as_well(listening: Listening) -> None:
    with connected(listening) as one:
        one.sendall(GET + GET[:-2] + b"".join(b"X-%d: 1\r\n" % each for each in range(60)) + b"\r\n")
        assert [read_answer(one).status, read_answer(one).status] == [200, 431]


@pytest.mark.parametrize("rest", [b"Content-Length: 10\r\n\r\nhello", CHUNKED + b"5\r\nhel", b""])
def test_a_request_that_is_cut_off_gets_a_problem(listening: Listening, rest: bytes) -> None:
    heard = len(echo.heard)
    with connected(listening) as one:
        one.sendall(HEAD + rest)
        one.shutdown(socket.SHUT_WR)
        answer = read_answer(one)
        assert answer.status == 400
        assert answer.problem["what"] == "the request is cut off"
        assert is_closed(one)
    if rest:
        until(lambda: echo.heard[heard:] == ["gone"])


def test_a_broken_chunk_ends_the_request_for_the_application_too(listening: Listening) -> None:
    heard = len(echo.heard)
    with connected(listening) as one:
        one.sendall(HEAD + CHUNKED + b"5\r\nhello\r\n")
        time.sleep(0.05)
        one.sendall(b"nonsense\r\n")
        assert read_answer(one).problem["what"] == "the request is no proper HTTP/1.1"
    until(lambda: echo.heard[heard:] == ["gone"])


def test_what_the_application_says_to_a_refused_request_is_not_heard(
    listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    echo.heard.clear()
    with connected(listening) as one:
        one.sendall(HEAD.replace(b"/read", b"/late") + CHUNKED + b"5\r\nhello\r\n")
        time.sleep(0.05)
        one.sendall(b"nonsense\r\n")
        assert read_answer(one).status == 400
        assert is_closed(one)
        until(lambda: echo.heard == ["/late"])
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([GET, HEAD, b"\r\n", b"\r\n\r\n", b"Content-Length: 5", b"hello", b"Host: a", b"HEAD / "]),
            st.sampled_from([b"Transfer-Encoding: chunked", b"5\r\n", b"0\r\n\r\n", b"Connection: close", b"HTTP/1.0"]),
        ),
        max_size=12,
    )
)
def test_any_bytes_are_answered_or_closed_and_the_engine_goes_on(listening: Listening, pieces: list[bytes]) -> None:
    with connected(listening) as one:
        with suppress(BrokenPipeError, ConnectionResetError):
            one.sendall(b"".join(pieces))
            one.shutdown(socket.SHUT_WR)
        said = b""
        with suppress(ConnectionResetError):
            while piece := one.recv(65_536):
                said += piece
        assert re.match(rb"HTTP/1\.1 (200|4\d\d) |$", said)
    with connected(listening) as one:
        one.sendall(GET)
        assert read_answer(one).status == 200


@pytest.fixture(scope="module", params=["unix", "tcp"])
def either(request: pytest.FixtureRequest) -> Iterator[Listening]:
    with short_folder() as folder:
        making = on_unix(folder / "s") if request.param == "unix" else on_loopback(TOKEN)
        with making as one, serving(echo, one, QUICK):
            yield one


class TestEarlyAnswers:
    """The application answers before it has read the body."""

    @staticmethod
    def head(listening: Listening, length: int) -> bytes:
        name = listening.sockets[0].getsockname()
        host = f"127.0.0.1:{name[1]}" if isinstance(name, tuple) else "engine"
        return (
            f"POST /early HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {length}\r\n\r\n"
        ).encode()

    def test_they_reach_a_client_that_sends_all_of_it_first(self, either: Listening) -> None:
        length = 30_000_000
        with connected(either) as one:
            one.sendall(self.head(either, length))
            one.sendall(bytes(length))
            answer = read_answer(one)
            assert (answer.status, answer.headers["Connection"]) == (200, "close")
            assert is_closed(one)

    def test_they_reach_a_client_that_stands_still(self, either: Listening) -> None:
        with connected(either) as one:
            one.sendall(self.head(either, 1000) + b"some")
            assert read_answer(one).status == 200
            began = time.monotonic()
            assert is_closed(one)
            assert time.monotonic() - began < 0.4  # our half is closed at once

    def test_a_client_that_sends_for_ever_is_left(self, either: Listening) -> None:
        with connected(either) as one:
            one.sendall(self.head(either, 10**15))
            assert send_until_refused(one, repeat(bytes(100_000))) < 3
            assert read_answer(one).status == 200

    def test_a_client_that_asks_first_is_not_told_to_go_on(self, either: Listening) -> None:
        with connected(either) as one:
            one.sendall(self.head(either, 1000)[:-2] + b"Expect: 100-continue\r\n\r\n")
            answer = read_answer(one)
            assert (answer.status, answer.headers["Connection"]) == (200, "close")

    def test_with_the_whole_body_there_the_connection_goes_on(self, either: Listening) -> None:
        with connected(either) as one:
            for _ in range(3):
                one.sendall(self.head(either, 5) + b"hello")
                answer = read_answer(one)
                assert (answer.status, answer.headers["Connection"]) == (200, None)
