"""The plug-in's calls: what the engine says, what it does not say, and what is no engine; on real Unix sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bshm_cut_out import connection
from bshm_cut_out.connection import Engine, cut_out
from bshm_cut_out.errors import AwayError, BusyError, CutOutError, RefusedError

from tests.engine.client.listening import LARGE, json_reply, listening, mute, problem, read_request, reply, saying

ASKED = {"want": "matte", "format": "raw"}


def asked(address: Path, samples: bytes = b"rgbrgb") -> connection.Answer:
    return cut_out(Engine(address).picture(), ASKED, (2, 1, 3), samples)


def test_a_matte_comes_with_the_warnings_of_its_report(address: Path) -> None:
    answer = reply("200 OK", "application/octet-stream", b"\x00\xff", X_Bshm_Report='{"warnings": ["So it is."]}')
    with listening(address, saying(answer)):
        assert asked(address) == connection.Answer(b"\x00\xff", ("So it is.",))


def test_nothing_listens(address: Path) -> None:
    with pytest.raises(AwayError, match=rf"^No engine is running at {address}\. Start it with: bshm engine$"):
        Engine(address).ready()
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(address))
    with pytest.raises(AwayError, match="No engine is running"):
        asked(address)


def test_it_belongs_to_somebody_else(address: Path, as_nobody: Callable[[Callable[[], object]], object]) -> None:
    with (
        listening(address, mute),
        pytest.raises(CutOutError, match="may not be used: it belongs to another user"),
    ):
        as_nobody(Engine(address).ready)


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (problem("busy", "503 Busy", "too many pictures", Retry_After="7"), BusyError, "The engine is busy"),
        (json_reply({"state": "starting"}, "503 Busy"), BusyError, "The engine is starting or stopping"),
        (
            json_reply({"state": "broken", "detail": "the network modnet is damaged."}, "503 Busy"),
            RefusedError,
            r"^The engine cannot work: the network modnet is damaged\.$",
        ),
        (problem("too-large", "413 No", "too large"), RefusedError, "refused the layer. It says: HTTP 413"),
        (problem("request", "400 No", "unknown parameter 'at'"), RefusedError, "refused the layer"),
        (json_reply({"detail": "Not Found"}, "404 Not Found"), RefusedError, "of different versions.*says: Not Found"),
    ],
)
def test_it_refuses(address: Path, answer: bytes, kind: type[RefusedError], sentence: str) -> None:
    with listening(address, saying(answer)), pytest.raises(kind, match=sentence):
        asked(address)


@pytest.mark.parametrize(
    "detail",
    [
        "unknown parameter 'at': the parameters are want, format",
        "the request's body: the raw pixels have the wrong length: 8 bytes came, and 2 x 1 pixels are 6",
    ],
)
def test_an_older_engine_that_does_not_know_a_parameter_is_said_to_be_of_another_version(
    address: Path, detail: str
) -> None:
    """Nor a selection, which it takes for too many pixels: we count ours."""
    older = json_reply({"type": "urn:bshm:problem:request", "detail": detail}, "400 Bad Request")
    with listening(address, saying(older)), pytest.raises(RefusedError, match=rf"different versions.*{detail}"):
        asked(address)


def test_a_refusal_that_comes_before_all_is_sent_is_read(address: Path) -> None:
    def turn(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.sendall(problem("busy", "503 Busy", "too many", Retry_After="2"))

    with listening(address, turn), pytest.raises(BusyError) as caught:
        asked(address, LARGE)
    assert caught.value.retry_after == 2


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
def test_it_is_another_program(address: Path, answer: bytes) -> None:
    with listening(address, saying(answer)), pytest.raises(CutOutError, match="is no engine that this plug-in knows"):
        Engine(address).ready()


def full(address: Path) -> tuple[socket.socket, socket.socket]:
    """A listener that takes nobody more, and who waits there."""
    listener, first = (socket.socket(socket.AF_UNIX) for _ in range(2))
    listener.bind(str(address))
    listener.listen(0)
    first.connect(str(address))
    return listener, first


def test_where_too_many_wait_it_waits_for_its_turn(address: Path) -> None:
    listener, first = full(address)

    def serve() -> None:
        time.sleep(0.5)
        listener.accept()[0].close()
        peer, _ = listener.accept()
        with peer:
            saying(json_reply({"state": "ready"}))(peer)

    with listener, first:
        server = threading.Thread(target=serve)
        server.start()
        Engine(address).ready()
        server.join()


def test_but_not_for_ever(address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SILENCE", 0.3)
    listener, first = full(address)
    with listener, first, pytest.raises(CutOutError, match="is silent"):
        Engine(address).ready()


def test_a_path_that_no_socket_can_have_is_said(tmp_path: Path) -> None:
    longest = tmp_path / ("s" * (107 - len(str(tmp_path)) - 1))
    with pytest.raises(AwayError):
        Engine(longest).ready()
    with pytest.raises(CutOutError, match="is too long for a socket's path: it may have 107 bytes") as caught:
        Engine(longest.with_name(f"{longest.name}s")).ready()
    assert not isinstance(caught.value, AwayError)


@pytest.mark.parametrize("kept", [0, 60])
def test_it_hangs_up(address: Path, kept: int) -> None:
    answer = reply("200 OK", "application/octet-stream", b"\x00\xff" * 100, X_Bshm_Report="{}")
    with listening(address, saying(answer[:-kept] if kept else b"")), pytest.raises(AwayError, match="ended while"):
        asked(address)


def test_it_is_silent(address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SILENCE", 0.2)
    with listening(address, mute), pytest.raises(CutOutError, match="is silent"):
        Engine(address).ready()


def test_the_networks_that_can_be_asked_for(address: Path) -> None:
    def network(name: str, task: str = "matte", *, usable: bool = True, installed: bool = True) -> dict[str, object]:
        return {"name": name, "task": task, "usable": usable, "installed": installed}

    networks = [network("a"), network("b", "people"), network("c", usable=False), network("d", installed=False)]
    with listening(address, saying(json_reply({"networks": networks}))):
        assert Engine(address).networks() == ("a",)


def test_hanging_up_ends_the_wait_at_once(address: Path) -> None:
    call = Engine(address).picture()
    gone = threading.Event()

    def turn(peer: socket.socket) -> None:
        read_request(peer)
        gone.set()
        mute(peer)  # until the other side is gone

    def hang_up() -> None:
        gone.wait(10)
        call.hang_up()

    with listening(address, turn):
        threading.Thread(target=hang_up).start()
        began = time.monotonic()
        with pytest.raises(AwayError):
            cut_out(call, ASKED, (2, 1, 3), b"rgbrgb")
        assert time.monotonic() - began < 5
