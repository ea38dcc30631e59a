"""The plug-in's calls: what the engine says, what it does not say, and what is no engine; on real Unix sockets."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.client.listening import json_reply, listening, mute, problem, reply, saying
from tests.gimp210.python2 import Outcome, Python2, Record, Tell, running

GOOD = reply("200 OK", "application/octet-stream", b"\x00\xff", X_Bshm_Report='{"warnings": ["So it is."]}')


@pytest.fixture(scope="module")
def impatient(python27: str) -> Iterator[Python2]:
    """Gives a silent engine up after a moment."""
    with running() as python:
        python("connection._SILENCE=", 0.2)
        python("cutting._GONE=", 0.3)
        python("cutting._PATIENCE=", 0.5)
        yield python


def cut_out(python: Python2, address: Path, samples: bytes = b"rgbrgb", name: str = "photo") -> Outcome:
    pixels = Record("cutting.Pixels", (len(samples) // 3, 1, 3, samples, name))
    return python("cutting.cut_out", address, "matte", pixels, Tell())


def ready(python: Python2, address: Path) -> Outcome:
    return python("starting.is_ready", address)


def test_a_matte_comes_with_the_warnings_of_its_report(address: Path, python2: Python2) -> None:
    with listening(address, saying(GOOD)):
        assert cut_out(python2, address).result == [b"\x00\xff", [b"So it is."]]


@pytest.mark.parametrize("name", ["", "背景 \x1b[31m\n", "a/b\\c\"'&=?", "x" * 2000])
def test_layers_may_have_any_name(name: str, address: Path, python2: Python2) -> None:
    lines: list[str] = []

    def turn(peer: socket.socket) -> None:
        lines.append(peer.recv(10_000).decode().splitlines()[0])
        peer.sendall(GOOD)

    with listening(address, turn):
        assert cut_out(python2, address, name=name).result
    assert re.fullmatch(r"POST /v1/cutout\?[A-Za-z0-9&=%+._-]+ HTTP/1\.1", lines[0])
    assert "want=matte&format=raw&priority=interactive&job=gimp-" in lines[0]


def test_nothing_listens(address: Path, python2: Python2) -> None:
    for call in (ready, cut_out):
        outcome = call(python2, address)
        assert (outcome.error, outcome.says) == (
            "AwayError",
            f"No engine is running at {address}. Start it with: bshm engine",
        )
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(address))
    assert ready(python2, address).error == "AwayError"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use any socket")
def test_it_belongs_to_somebody_else(address: Path, python2: Python2) -> None:
    with listening(address, mute):
        address.chmod(0)
        assert "may not be used: it belongs to another user" in ready(python2, address).says


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (json_reply({"state": "starting"}, "503 Busy"), "BusyError", "The engine is starting or stopping"),
        (problem("too-large", "413 No", "too large"), "RefusedError", "refused the layer. It says: HTTP 413"),
        (json_reply({"detail": "Not Found"}, "404 Not Found"), "RefusedError", "of different versions"),
        (
            json_reply({"type": "urn:bshm:problem:request", "detail": "unknown parameter 'job'"}, "400 Bad Request"),
            "RefusedError",
            "of different versions",
        ),
        (
            json_reply({"type": "urn:bshm:problem:request", "detail": "parameter 'job' is wrong"}, "400 Bad Request"),
            "RefusedError",
            "refused the layer. It says: parameter 'job' is wrong",
        ),
        (json_reply({"title": "太大"}, "413 No"), "RefusedError", "It says: 太大"),
    ],
)
def test_it_refuses(address: Path, answer: bytes, kind: str, sentence: str, impatient: Python2) -> None:
    with listening(address, saying(answer)):
        outcome = cut_out(impatient, address)
    assert outcome.error == kind
    assert sentence in outcome.says


def test_a_refusal_that_comes_before_all_is_sent_is_read(address: Path, python2: Python2) -> None:
    def turn(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.sendall(problem("too-large", "413 No", "too many"))

    with listening(address, turn):
        assert "It says: HTTP 413" in cut_out(python2, address, b"rgb" * 500_000).says


def test_a_busy_engine_is_offered_the_layer_again(address: Path, python2: Python2) -> None:
    busy = saying(problem("busy", "503 Busy", "full", Retry_After="1"))
    with listening(address, busy, saying(GOOD)):
        outcome = cut_out(python2, address)
    assert outcome.result[0] == b"\x00\xff"
    assert {each[0] for each in outcome.heard} == {b"Waiting for other pictures"}


def test_one_that_stays_busy_is_told(address: Path, impatient: Python2) -> None:
    with listening(address, saying(problem("busy", "503 Busy", "full", Retry_After="1"))):
        outcome = cut_out(impatient, address)
    assert (outcome.error, outcome.says[:37]) == ("BusyError", "The engine is busy. Try again in a mo")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n",
        reply("200 OK", "text/html", b"<p>"),
        reply("500 No", "text/html", b"<p>"),
        reply("200 OK", "application/json", b"[]"),
        json_reply({"hello": "there"}),
    ],
)
def test_it_is_another_program(address: Path, answer: bytes, python2: Python2) -> None:
    with listening(address, saying(answer)):
        assert "is no engine that this plug-in knows" in ready(python2, address).says


def test_an_answer_without_a_report_is_no_engines(address: Path, python2: Python2) -> None:
    with listening(address, saying(reply("200 OK", "application/octet-stream", b"\x00\xff"))):
        assert "is no engine that this plug-in knows" in cut_out(python2, address).says


def test_an_answer_of_another_size_is_refused(address: Path, python2: Python2) -> None:
    answer = saying(reply("200 OK", "application/octet-stream", b"\x00", X_Bshm_Report="{}"))
    with listening(address, answer):
        assert "is no engine that this plug-in knows" in cut_out(python2, address).says


@pytest.mark.parametrize("answer", [b"", GOOD[:30], GOOD[:-1]])
def test_it_hangs_up(address: Path, answer: bytes, python2: Python2) -> None:
    with listening(address, saying(answer)):
        outcome = cut_out(python2, address)
    assert (outcome.error, outcome.says[:40]) == ("LostError", "The engine ended while it was at work. N")


def test_it_is_silent(address: Path, impatient: Python2) -> None:
    for call in (ready, cut_out):
        with listening(address, mute):
            assert "is silent. Start it anew" in call(impatient, address).says
        address.unlink()
