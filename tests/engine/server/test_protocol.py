"""A connection takes so much time and room and no more; whatever comes over it is answered or closed."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

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
    read_exactly,
    send_until_refused,
    serving,
    until,
)

GET = b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n"
QUICK = ConnectionLimits(connections=3, headers=20, head=0.4, idle=0.5, unread=0.6, linger=0.3)


@pytest.fixture(scope="module")
def echo() -> Echo:
    return Echo()


@pytest.fixture(scope="module")
def usual(echo: Echo) -> Iterator[Listening]:
    """A server with the usual bounds."""
    with short_folder() as folder, on_unix(folder / "s") as listening, serving(echo, listening):
        yield listening


@pytest.fixture(scope="module")
def quick(echo: Echo) -> Iterator[Listening]:
    """One without patience."""
    with short_folder() as folder, on_unix(folder / "s") as listening, serving(echo, listening, QUICK):
        yield listening


@pytest.fixture(scope="module")
def both(echo: Echo) -> Iterator[Listening]:
    """The usual bounds, on a Unix socket and over TCP."""
    with short_folder() as folder, on_unix(folder / "s") as unix, on_loopback("t" * 40) as tcp:
        listening = Listening([*unix.sockets, *tcp.sockets], tcp.token, "")
        with serving(echo, listening):
            yield listening


def post(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: engine\r\nContent-Length: {length}\r\n\r\n".encode()


class TestInOrder:
    def test_a_connection_serves_one_request_after_another(self, usual: Listening) -> None:
        with connected(usual) as one:
            for length in (0, 3, 200_000):
                one.sendall(post("/", length) + bytes(length))
                assert read_answer(one).body == b"%d" % length

    def test_requests_may_be_sent_before_the_answers_are_read(self, usual: Listening) -> None:
        with connected(usual) as one:
            one.sendall(GET + post("/", 5) + b"hello" + GET)
            assert [read_answer(one).body for _ in range(3)] == [b"0", b"5", b"0"]

    def test_a_wish_for_another_protocol_is_left_unanswered(self, usual: Listening) -> None:
        with connected(usual) as one:
            one.sendall(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            assert read_answer(one).status == 200

    def test_a_client_that_asks_first_is_told_to_go_on(self, usual: Listening) -> None:
        with connected(usual) as one:
            one.sendall(post("/", 5)[:-2] + b"Expect: 100-continue\r\n\r\n")
            assert one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            one.sendall(b"hello")
            assert read_answer(one).body == b"5"

    def test_the_application_hears_of_a_client_that_hangs_up(self, usual: Listening, echo: Echo) -> None:
        echo.heard.clear()
        with connected(usual) as one:
            one.sendall(post("/", 100) + b"half of it")
        until(lambda: "gone" in echo.heard)  # another test's may end at this moment too


class TestHalfClosed:
    """A client may say that it sends nothing more, as `nc -N` does, and read."""

    @staticmethod
    def send(one: socket.socket, said: bytes) -> None:
        one.sendall(said)
        one.shutdown(socket.SHUT_WR)

    def test_it_gets_its_answer_and_the_connection_ends(self, usual: Listening) -> None:
        with connected(usual) as one:
            self.send(one, post("/slow", 5) + b"hello")
            assert read_answer(one).body == b"5"
            assert is_closed(one)

    def test_it_gets_all_of_a_long_one(self, usual: Listening) -> None:
        with connected(usual) as one:
            self.send(one, GET.replace(b"/ ", b"/large "))
            assert len(read_answer(one).body) == 40_000_000
            assert is_closed(one)

    def test_it_gets_the_answers_to_all_its_requests(self, usual: Listening) -> None:
        with connected(usual) as one:
            self.send(one, GET + post("/slow", 5) + b"hello" + GET)
            assert [read_answer(one).body for _ in range(3)] == [b"0", b"5", b"0"]
            assert is_closed(one)

    def test_of_a_request_that_is_cut_off_behind_a_whole_one_it_hears_too(self, usual: Listening) -> None:
        with connected(usual) as one:
            self.send(one, post("/slow", 5) + b"hello" + GET[:9])
            assert read_answer(one).body == b"5"
            assert read_answer(one).problem["what"] == "the request is cut off"
            assert is_closed(one)

    @pytest.mark.parametrize("pause", [0.0, 0.1])
    def test_it_is_noticed_when_it_hangs_up_then(self, usual: Listening, echo: Echo, pause: float) -> None:
        echo.heard.clear()
        with connected(usual) as one:
            self.send(one, GET.replace(b"/ ", b"/never "))
            time.sleep(pause)
        until(lambda: echo.heard == ["gone"])

    def test_it_does_not_keep_the_engine_from_ending(self, echo: Echo, short: Path) -> None:
        with on_unix(short / "s") as listening, serving(echo, listening) as server, connected(listening) as one:
            self.send(one, post("/slow", 5) + b"hello")
            until(lambda: len(server.server_state.connections) == 1)
            server.should_exit = True
            assert read_answer(one).body == b"5"
            assert is_closed(one)


class TestTime:
    @pytest.mark.parametrize("said", [b"", b"G", GET[:-2], b"GET / HTTP/1.1\r\nHost: e\r\nX: "])
    def test_a_request_that_does_not_come_is_refused(self, quick: Listening, said: bytes) -> None:
        with connected(quick) as one:
            one.sendall(said)
            answer = read_answer(one)
            assert answer.status == 408
            assert answer.headers["Connection"] == "close"
            assert answer.problem["why"] == "its headers were not there after 0.4 s"
            assert is_closed(one)

    def test_sending_a_byte_now_and_then_gains_no_time(self, quick: Listening) -> None:
        with connected(quick) as one:
            drops = (bytes([each]) for each in GET * 3)
            assert 0.25 < send_until_refused(one, drops, pause=0.02) < 2
            assert read_answer(one).status == 408

    def test_between_two_requests_the_connection_is_closed_without_a_word(self, quick: Listening) -> None:
        with connected(quick) as one:
            one.sendall(GET)
            assert read_answer(one).status == 200
            began = time.monotonic()
            assert is_closed(one)
            assert 0.25 < time.monotonic() - began < 2

    def test_a_second_request_has_its_own_time(self, quick: Listening) -> None:
        with connected(quick) as one:
            for _ in range(4):
                time.sleep(0.15)
                one.sendall(GET)
                assert read_answer(one).status == 200
            one.sendall(b"GET")
            assert read_answer(one).status == 408

    def test_a_client_that_does_not_read_its_answer_is_left(self, quick: Listening, echo: Echo) -> None:
        echo.heard.clear()
        with connected(quick) as one:
            one.sendall(GET.replace(b"/ ", b"/large "))
            until(lambda: echo.heard == ["/large"])  # its sending ended, whoever read it
            read = 0
            while piece := one.recv(1_000_000):
                read += len(piece)
            assert read < 40_000_000

    def test_a_client_that_reads_slowly_gets_all_of_it(self, quick: Listening) -> None:
        with connected(quick) as one:
            one.sendall(GET.replace(b"/ ", b"/large "))
            head = read_exactly(one, 100_000)
            for _ in range(5):
                time.sleep(0.2)
                read_exactly(one, 1_900_000)
            rest = read_exactly(one, 40_000_000 + head.index(b"\r\n\r\n") + 4 - 100_000 - 5 * 1_900_000)
            assert not any(rest)


class TestRoom:
    def test_past_the_bound_connections_are_told_to_come_again(self, quick: Listening) -> None:
        with connected(quick) as first, connected(quick) as second, connected(quick) as third:
            for each in (first, second, third):
                each.sendall(GET)
                assert read_answer(each).status == 200
            with connected(quick) as fourth:
                answer = read_answer(fourth)
                assert answer.status == 503
                assert answer.headers["Retry-After"] == "1"
                assert answer.problem["why"] == "3 are open"
                assert is_closed(fourth)

    def test_a_crowd_is_closed_without_a_word_and_the_engine_goes_on(self, quick: Listening) -> None:
        crowd = []
        for _ in range(30):
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(5)
            one.connect(quick.sockets[0].getsockname())
            crowd.append(one)
        time.sleep(0.1)
        first = [one.recv(12) for one in crowd[3:]]
        assert set(first) <= {b"HTTP/1.1 503", b""}
        assert first.count(b"") >= 20
        for one in crowd:
            one.close()
        until(lambda: self.served(quick))

    @staticmethod
    def served(listening: Listening) -> bool:
        with connected(listening) as one:
            one.sendall(GET)
            return read_answer(one).status == 200


class TestOverTcp:
    """Whoever is on this machine can connect, and needs a token only to be served."""

    def test_a_crowd_of_silent_ones_does_not_keep_the_owner_out(self, both: Listening) -> None:
        with ExitStack() as stack:
            crowd = [stack.enter_context(connected(both, 1)) for _ in range(140)]
            assert read_answer(crowd[32]).problem["why"] == "32 are open"
            with connected(both) as owner:
                owner.sendall(GET)
                assert read_answer(owner).status == 200
            assert all(is_closed(each) for each in crowd[64:])
            began = time.monotonic()
            assert read_answer(crowd[0]).problem["why"] == "its headers were not there after 3 s"
            assert time.monotonic() - began < 4

    def test_many_of_the_owners_leave_the_door_open(self, both: Listening) -> None:
        with ExitStack() as stack:
            for _ in range(40):
                stack.enter_context(connected(both))
            with connected(both, 1) as one:
                one.sendall(GET)
                assert read_answer(one).status == 421


def test_every_answer_is_counted_whoever_gave_it(echo: Echo, short: Path) -> None:
    counted: list[int] = []
    asked = [
        GET,
        b"nonsense\r\n\r\n",
        GET[:-2] + b"X: 1\r\n" * 30 + b"\r\n",  # too many headers
        GET[:-2] + b"X: " + bytes(17_000),  # too long
        b"GET",  # too slow
    ]
    with on_unix(short / "s") as listening, serving(echo, listening, QUICK, counted.append), ExitStack() as stack:
        for said in asked:
            with connected(listening) as one:
                one.sendall(said)
                assert read_answer(one).status == counted[-1]
        several = [stack.enter_context(connected(listening)) for _ in range(4)]
        assert read_answer(several[3]).status == 503
    assert counted[: len(asked) + 1] == [200, 400, 431, 431, 408, 503]


def test_connections_in_every_state_let_the_server_end(echo: Echo, short: Path) -> None:
    with on_unix(short / "s") as listening, ExitStack() as stack:
        server = stack.enter_context(serving(echo, listening))
        idle, half, silent, refused = (stack.enter_context(connected(listening)) for _ in range(4))
        idle.sendall(GET)
        assert read_answer(idle).status == 200
        half.sendall(GET[:20])
        refused.sendall(b"\0\r\n\r\n")
        assert read_answer(refused).status == 400
        until(lambda: len(server.server_state.connections) == 4)
        server.should_exit = True
        assert is_closed(idle)
        assert is_closed(half)
        assert is_closed(silent)
