"""The engine serves its own user, and over TCP who has the token; web pages and other users are refused."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.server.access import Peer, own_token, peer_of, refused_over_tcp, stranger
from engine.server.sockets import Listening
from tests.engine.server.edge import Echo, connected, is_closed, on_loopback, on_unix, read_answer, serving

NOBODY = 65534
TOKEN = "correct-horse-battery-staple-0123456789"  # noqa: S105  # of the tests' own server
RIGHT = ((b"host", b"127.0.0.1:8123"), (b"authorization", b"Bearer " + TOKEN.encode()))


def status(*headers: tuple[bytes, bytes]) -> int | None:
    refused = refused_over_tcp(headers, 8123, TOKEN)
    return refused.status if refused else None


class TestUsers:
    def test_the_kernel_tells_who_is_at_the_other_end(self, short: Path) -> None:
        with on_unix(short / "s") as listening, connected(listening) as one:
            assert peer_of(one) == Peer(os.getpid(), os.geteuid(), os.getegid())

    @pytest.mark.parametrize("uid", [0, os.geteuid()])
    def test_root_and_the_engines_own_user_are_served(self, uid: int) -> None:
        assert stranger(Peer(1, uid, 1)) is None

    def test_another_user_is_told_why_not(self) -> None:
        error = stranger(Peer(1, 4321, 1))
        assert error
        assert error.why == f"it is user {os.geteuid()}'s, and user 4321 asks"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_another_users_process_is_refused_before_it_says_a_word(self, short: Path) -> None:
        code = (
            "import os, socket, sys\n"
            "os.setuid(65534)\n"
            "with socket.socket(socket.AF_UNIX) as one:\n"
            "    one.connect(sys.argv[1])\n"
            "    while piece := one.recv(10_000):\n"
            "        print(piece.decode())"
        )
        with on_unix(short / "s") as listening, serving(Echo(), listening):
            short.chmod(0o755)
            (short / "s").chmod(0o666)
            command = [sys.executable, "-c", code, str(short / "s")]
            ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
        assert ran.stdout.startswith("HTTP/1.1 403 Forbidden")
        assert '"type": "urn:bshm:problem:access"' in ran.stdout
        assert "and user 65534 asks" in ran.stdout


@pytest.fixture(scope="module")
def listening() -> Iterator[Listening]:
    """A server on TCP."""
    with on_loopback(TOKEN) as one, serving(Echo(), one):
        yield one


class TestTcp:
    def test_the_token_opens(self, listening: Listening) -> None:
        host = b"Host: localhost:%d\r\n" % listening.sockets[0].getsockname()[1]
        with connected(listening) as one:
            one.sendall(b"GET / HTTP/1.1\r\n" + host + b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n")
            assert read_answer(one).status == 200

    def test_without_it_nothing_is_told(self, listening: Listening) -> None:
        host = b"Host: localhost:%d\r\n" % listening.sockets[0].getsockname()[1]
        with connected(listening) as one:
            for _ in range(2):
                one.sendall(b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n")
                answer = read_answer(one)
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
                assert answer.problem["type"] == "urn:bshm:problem:access"

    def test_a_connection_that_is_gone_already_is_no_way_round_it(self) -> None:
        echo = Echo()
        with on_loopback(TOKEN) as one, serving(echo, one):
            for _ in range(20):
                with connected(one) as reset:
                    reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0]))
                    reset.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            with connected(one) as last:
                last.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                assert read_answer(last).status == 421
        assert echo.heard == []

    def test_of_a_body_that_is_refused_no_more_is_read(self, listening: Listening) -> None:
        with connected(listening) as one:
            one.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello")
            answer = read_answer(one)
            assert (answer.status, answer.headers["Connection"]) == (421, "close")
            assert is_closed(one)

    @pytest.mark.parametrize("host", [b"127.0.0.1:8123", b"localhost:8123", b"LocalHost:8123", b"[::1]:8123"])
    def test_the_loopbacks_names_are_known(self, host: bytes) -> None:
        assert status((b"host", host), RIGHT[1]) is None

    @pytest.mark.parametrize(
        "host",
        [
            b"127.0.0.1",
            b"localhost",
            b"127.0.0.1:80",
            b"evil.example:8123",
            b"localhost.:8123",
            b"",
            b"127.0.0.1:8123 ",
        ],
    )
    def test_other_names_are_misdirected(self, host: bytes) -> None:
        assert status((b"host", host), RIGHT[1]) == 421

    def test_no_host_and_two_are_misdirected(self) -> None:
        assert status(RIGHT[1]) == 421
        assert status(RIGHT[0], *RIGHT) == 421

    @pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"http://127.0.0.1:8123"])
    def test_web_pages_are_refused(self, origin: bytes) -> None:
        assert status(*RIGHT, (b"origin", origin)) == 403

    @pytest.mark.parametrize("scheme", [b"Bearer ", b"bearer ", b"BEARER   "])
    def test_the_schemes_name_may_be_written_in_any_case(self, scheme: bytes) -> None:
        assert status(RIGHT[0], (b"authorization", scheme + TOKEN.encode())) is None

    @pytest.mark.parametrize("said", [b"", b"Bearer", b"Bearer ", b"Basic " + TOKEN.encode(), TOKEN.encode()])
    def test_other_words_are_no_token(self, said: bytes) -> None:
        assert status(RIGHT[0], (b"authorization", said)) == 401

    def test_two_tokens_are_none(self) -> None:
        assert status(*RIGHT, RIGHT[1]) == 401

    @pytest.mark.parametrize("token", [None, ""])
    def test_without_a_token_of_its_own_the_engine_lets_nobody_in(self, token: str | None) -> None:
        for brought in (b"Bearer ", b"Bearer x", b""):
            refused = refused_over_tcp([RIGHT[0], (b"authorization", brought)], 8123, token)
            assert refused
            assert refused.status == 401

    @given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    def test_no_other_bytes_open(self, said: bytes) -> None:
        assert status(RIGHT[0], (b"authorization", said)) == 401
        assert status(RIGHT[0], (b"authorization", b"Bearer " + said)) == 401

    @given(st.lists(st.tuples(st.sampled_from([b"host", b"origin", b"authorization", b"x"]), st.binary(max_size=30))))
    def test_no_other_headers_open(self, headers: list[tuple[bytes, bytes]]) -> None:
        assert status(*headers) in (401, 403, 421)


class TestToken:
    def test_it_is_made_once_and_is_this_users_alone(self, tmp_path: Path) -> None:
        file = tmp_path / "engine.token"
        token = own_token(file)
        assert len(token) >= 43
        assert file.stat().st_mode & 0o777 == 0o600
        assert own_token(file) == token
        assert list(tmp_path.iterdir()) == [file]

    def test_no_two_are_the_same(self, tmp_path: Path) -> None:
        assert len({own_token(tmp_path / str(each)) for each in range(20)}) == 20

    def test_a_token_of_ones_own_is_kept(self, tmp_path: Path) -> None:
        file = tmp_path / "engine.token"
        file.write_text("0123456789abcdef0123456789abcdef\n\n")
        file.chmod(0o400)
        assert own_token(file) == "0123456789abcdef0123456789abcdef"

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
    def test_one_that_others_can_reach_is_refused(self, tmp_path: Path, mode: int) -> None:
        file = tmp_path / "engine.token"
        own_token(file)
        file.chmod(mode)
        with pytest.raises(EngineError, match=r"the token is no secret: .* Delete it, and start the engine again"):
            own_token(file)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
    def test_one_of_another_user_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "engine.token"
        own_token(file)
        os.chown(file, NOBODY, NOBODY)
        with pytest.raises(EngineError, match="the token is no secret"):
            own_token(file)

    @pytest.mark.parametrize("content", [b"", b"\n", b"short", b"x" * 31, b"x" * 2000, b"a space " * 5, b"\xff" * 50])
    def test_a_file_without_one_is_refused(self, tmp_path: Path, content: bytes) -> None:
        file = tmp_path / "engine.token"
        file.touch(0o600)
        file.write_bytes(content)
        with pytest.raises(EngineError, match="there is no token in it"):
            own_token(file)

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        own_token(tmp_path / "elsewhere")
        (tmp_path / "engine.token").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(EngineError, match="the token cannot be read: too many levels of symbolic links"):
            own_token(tmp_path / "engine.token")

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "engine.token", 0o600)
        with pytest.raises(EngineError, match="there is no token in it"):
            own_token(tmp_path / "engine.token")

    def test_a_folder_that_is_not_there_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(EngineError, match="the token cannot be written: no such file"):
            own_token(tmp_path / "none" / "engine.token")
