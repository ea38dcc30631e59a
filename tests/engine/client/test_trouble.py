"""The client against what no engine does: silence, half answers, other programs; on real Unix sockets."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from engine.client import Asked
from engine.errors import DeadlineError, EngineError
from tests.engine.client.listening import (
    GOOD,
    LARGE,
    REPORT,
    cut_out_reply,
    json_reply,
    listening,
    mute,
    problem,
    quick,
    read_request,
    reply,
    saying,
)


class TestSilence:
    def test_an_engine_at_work_may_be_silent_as_long_as_it_lives(self, address: Path) -> None:
        def slow(peer: socket.socket) -> None:
            read_request(peer)
            time.sleep(1)  # three times the time-out
            peer.sendall(GOOD)

        with listening(address, slow, saying(json_reply({"state": "alive"}))) as served:
            assert quick(address).cut_out(b"picture").report == REPORT
            assert len(served) > 2

    def test_an_engine_that_has_no_room_for_the_question_lives(self, address: Path) -> None:
        def slow(peer: socket.socket) -> None:
            read_request(peer)
            time.sleep(1)  # three times the time-out
            peer.sendall(GOOD)

        crowded = problem("busy", "503 Service Unavailable", "the engine has too many connections", Retry_After="1")
        with listening(address, slow, saying(crowded)) as served:
            assert quick(address).cut_out(b"picture").report == REPORT
            assert len(served) > 2

    def test_an_engine_that_does_not_live_is_given_up(self, address: Path) -> None:
        with listening(address, mute), pytest.raises(EngineError, match="is silent: it does not answer"):
            quick(address).cut_out(b"picture")

    def test_an_engine_that_lets_the_deadline_pass_is_given_up(self, address: Path) -> None:
        with (
            listening(address, mute, saying(json_reply({"state": "alive"}))),
            pytest.raises(DeadlineError, match=r"a\.jpg: not cut out: the engine let its deadline pass"),
        ):
            quick(address).cut_out(b"picture", Asked(deadline=0.2, name="a.jpg"))

    def test_nobody_takes_what_is_sent(self, address: Path) -> None:
        over = threading.Event()

        def turn(peer: socket.socket) -> None:
            over.wait(10)

        with listening(address, turn):
            with pytest.raises(EngineError, match="it takes no more of what is sent"):
                quick(address).cut_out(LARGE)
            over.set()

    def test_nobody_answers_a_question(self, address: Path) -> None:
        with listening(address, mute), pytest.raises(EngineError, match="is silent"):
            quick(address).status()

    def test_an_answer_that_stops_in_the_middle(self, address: Path) -> None:
        over = threading.Event()

        def turn(peer: socket.socket) -> None:
            read_request(peer)
            peer.sendall(GOOD[:1000])
            over.wait(10)

        with listening(address, turn):
            with pytest.raises(EngineError, match="is silent"):
                quick(address).cut_out(b"picture")
            over.set()


class TestStrangers:
    @pytest.mark.parametrize("end", [0, 12, 60, 300, len(GOOD) - 1])
    def test_an_answer_that_is_cut_off(self, end: int, address: Path) -> None:
        with listening(address, saying(GOOD[:end])), pytest.raises(EngineError, match=r"hung up|breaks off|no engine"):
            quick(address).cut_out(b"picture")

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (reply("200 OK", "text/html", b"<html>"), "it answered 200 with text/html"),
            (reply("404 Not Found", "text/html", b"<html>"), "it answered 404 with text/html"),
            (reply("200 OK", "image/png", b"\x89PNG"), "it answered 200 with image/png"),
            (b"SSH-2.0-OpenSSH_9.9\r\n", "it does not speak HTTP"),
            (b"\0\xff" * 50_000, "it does not speak HTTP"),
            (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 500 + b"\r\n", "it does not speak HTTP"),
            (reply("200 OK", "multipart/mixed", b""), "its parts have no boundary"),
            (reply("200 OK", "multipart/mixed; boundary=b", b"--b--\r\n"), "it does not hold what was asked for"),
            (cut_out_reply(REPORT, {"matte": b""}), "it does not hold what was asked for"),
            (reply("500 Error", "application/problem+json", b"{"), "cannot be used: "),
            (reply("500 Error", "application/problem+json", b"[]"), "its JSON is no object"),
        ],
    )
    def test_another_program(self, answer: bytes, said: str, address: Path) -> None:
        with listening(address, saying(answer)), pytest.raises(EngineError, match=said) as raised:
            quick(address).cut_out(b"picture", Asked(("cutout",)))
        assert str(address) in str(raised.value)

    def test_an_answer_that_never_ends(self, address: Path) -> None:
        endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"
        with listening(address, saying(endless)), pytest.raises(EngineError, match="a length that JSON has"):
            quick(address).status()

    def test_an_answer_that_lies_about_its_length(self, address: Path) -> None:
        answer = reply("200 OK", "application/json", b"{}", Content_Length="90")
        with (
            listening(address, saying(answer)),
            pytest.raises(EngineError, match="hung up: its answer is not complete"),
        ):
            quick(address).status()
