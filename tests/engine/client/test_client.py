"""The client against servers that answer as the engine does, on real Unix sockets; the others in test_reaching.py
and test_trouble.py."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine.client import Asked, Client, Raw
from engine.errors import (
    AccessError,
    BusyError,
    CancelledError,
    EngineError,
    NotAPictureError,
    RequestError,
    TooLargeError,
)
from tests.engine.client.listening import (
    GOOD,
    LARGE,
    REPORT,
    Request,
    Turn,
    cut_out_reply,
    json_reply,
    listening,
    problem,
    quick,
    read_request,
    saying,
)

ROOT = Path(__file__).parents[3]
BUSY = problem("busy", "503 Service Unavailable", "the queue is full", Retry_After="1")


def taking(requests: list[Request], answer: bytes) -> Turn:
    def turn(peer: socket.socket) -> None:
        requests.append(read_request(peer))
        peer.sendall(answer)

    return turn


class TestAnswers:
    def test_a_report_and_results(self, address: Path) -> None:
        requests: list[Request] = []
        with listening(address, taking(requests, GOOD)):
            answer = Client(address).cut_out(b"picture", Asked(("cutout", "matte"), people=2))
        assert (answer.job, answer.report) == ("j1", REPORT)
        assert {kind: bytes(data) for kind, data in answer.results.items()} == {
            "cutout": b"\x89PNG",
            "matte": b"grey" * 100_000,
        }
        (request,) = requests
        assert request.line == "POST /v1/cutout?want=cutout%2Cmatte&people=2 HTTP/1.1"
        assert request.body == b"picture"
        assert request.head["accept"] == "multipart/mixed"
        assert "authorization" not in request.head

    def test_large_bodies_go_out_whole(self, address: Path) -> None:
        requests: list[Request] = []
        data = bytes(range(256)) * 40_000
        with listening(address, taking(requests, GOOD)):
            Client(address).cut_out(Raw(2560, 1000, 4, data))
            Client(address).cut_out(data, background=data[:1000])
        assert requests[0].body == data
        assert requests[0].head["x-channels"] == "4"
        assert data in requests[1].body
        assert requests[1].head["content-type"].startswith("multipart/form-data; boundary=")

    def test_the_other_calls(self, address: Path) -> None:
        requests: list[Request] = []
        networks = [{"name": "modnet"}]
        with listening(
            address, *(taking(requests, json_reply({"state": "ready", "networks": networks})) for _ in range(5))
        ):
            client = Client(address)
            assert client.status()["state"] == "ready"
            assert client.models() == networks
            assert client.ready() == "ready"
            assert client.job("a/b")["state"] == "ready"
            assert client.cancel("a")["state"] == "ready"
        assert [each.line.removesuffix(" HTTP/1.1") for each in requests] == [
            "GET /v1/status",
            "GET /v1/models",
            "GET /readyz",
            "GET /v1/jobs/a%2Fb",
            "DELETE /v1/jobs/a",
        ]

    def test_many_threads_use_one_client(self, address: Path) -> None:
        def echo(peer: socket.socket) -> None:
            peer.sendall(cut_out_reply(REPORT, {"matte": read_request(peer).body}))

        given = [bytes([number]) * 10_000 for number in range(12)]
        answers: dict[int, bytes] = {}
        with listening(address, echo):
            client = Client(address)

            def work(number: int) -> None:
                answers[number] = bytes(client.cut_out(given[number]).results["matte"])

            threads = [threading.Thread(target=work, args=(number,)) for number in range(len(given))]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
        assert [answers[number] for number in range(len(given))] == given

    def test_over_tcp_with_its_token(self) -> None:
        requests: list[Request] = []
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def serve() -> None:
                peer, _ = listener.accept()
                with peer:
                    taking(requests, json_reply({}))(peer)

            thread = threading.Thread(target=serve)
            thread.start()
            port = listener.getsockname()[1]
            assert Client(("127.0.0.1", port), "secret").status() == {}
            thread.join()
        assert requests[0].head["authorization"] == "Bearer secret"
        assert requests[0].head["host"] == f"127.0.0.1:{port}"


class TestProblems:
    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (problem("not-a-picture", "422 Unprocessable Content", "a.jpg: no"), NotAPictureError),
            (problem("too-large", "413 Content Too Large", "a.jpg: no"), TooLargeError),
            (problem("cancelled", "409 Conflict", "a.jpg: no"), CancelledError),
            (problem("request", "404 Not Found", "a.jpg: no"), RequestError),
            (problem("access", "403 Forbidden", "a.jpg: no"), AccessError),
            (problem("unheard-of", "500 Internal Server Error", "a.jpg: no"), EngineError),
        ],
    )
    def test_a_problem_is_the_error_that_it_was(self, answer: bytes, kind: type[Exception], address: Path) -> None:
        with listening(address, saying(answer)), pytest.raises(kind) as raised:
            Client(address).cut_out(b"picture")
        assert type(raised.value) is kind
        assert str(raised.value) == "a.jpg: no: so it is."

    @pytest.mark.parametrize("reading", [0, 100_000])
    @pytest.mark.parametrize("hanging_up", [True, False])
    def test_an_answer_before_all_is_sent_is_read(self, reading: int, hanging_up: bool, address: Path) -> None:
        """The server refuses by the header, and then reads no more of the body."""
        over = threading.Event()

        def turn(peer: socket.socket) -> None:
            got = 0
            while got < reading:
                got += len(peer.recv(1000))
            peer.sendall(problem("too-large", "413 Content Too Large", "the picture: too large"))
            if not hanging_up:
                over.wait(10)

        with listening(address, turn):
            with pytest.raises(TooLargeError, match="the picture: too large"):
                quick(address).cut_out(LARGE)
            over.set()

    def test_a_full_queue_is_asked_again(self, address: Path) -> None:
        with listening(address, saying(BUSY), saying(GOOD)) as served:
            before = time.monotonic()
            assert quick(address).cut_out(LARGE).report == REPORT
            assert time.monotonic() - before >= 1, "as long as Retry-After says"
            assert len(served) == 2

    @pytest.mark.parametrize(("patience", "deadline"), [(0.5, None), (60, 0.5)])
    def test_patience_has_an_end(self, patience: float, deadline: float | None, address: Path) -> None:
        with listening(address, saying(BUSY)) as served, pytest.raises(BusyError, match="the queue is full"):
            Client(address, patience=patience).cut_out(b"picture", Asked(deadline=deadline))
        assert len(served) == 1

    def test_waiting_counts_in_the_deadline(self, address: Path) -> None:
        requests: list[Request] = []
        with listening(address, taking(requests, BUSY), taking(requests, GOOD)):
            quick(address).cut_out(b"picture", Asked(deadline=4))
        first, second = (float(each.line.split("deadline=")[1].split()[0]) for each in requests)
        assert first == pytest.approx(4, abs=0.1)
        assert second == pytest.approx(3, abs=0.2)


def test_the_standard_library_is_enough() -> None:
    """As a GIMP plug-in or any script has it: without the environment's packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from engine.client import Asked, Client, Raw\n"
        "from engine.errors import NotRunningError\n"
        "try:\n    Client('/nonexistent/engine.sock').cut_out(b'picture')\n"
        "except NotRunningError:\n    print(*(each for each in sys.modules if each.startswith('engine')))\n"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(ROOT)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {each for each in ran.stdout.split() if not each.startswith("engine.client")}
    assert loaded == {"engine", "engine.address", "engine.errors", "engine.folders", "engine.problems"}
