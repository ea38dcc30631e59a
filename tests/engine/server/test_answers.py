"""Results as they come over a real socket: whole, described, and closed whatever the client does."""

from __future__ import annotations

import email
import http.client
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.errors import BusyError, NotAPictureError, RequestError
from engine.server.answers import answer, one_line, problem
from engine.shared import Shared
from engine.worker.order import Part

REPORT = {"width": 4, "height": 2, "people": [{"box": [0, 0, 1, 1]}], "warnings": ["Grüße"], "steps": []}


def results(*contents: tuple[str, str, bytes, tuple[int, int, int] | None]) -> tuple[Shared, list[Part]]:
    """Shared bytes with a report and these results."""
    shared, parts = Shared(), []
    report = ("report", "application/json", json.dumps(REPORT).encode(), None)
    for kind, media_type, data, size in (report, *contents):
        parts.append(Part(kind, media_type, shared.size, len(data), size))
        shared.append(data)
    return shared, parts


def is_closed(shared: Shared) -> bool:
    try:
        return shared.size < 0
    except OSError:
        return True


@pytest.fixture
def serve() -> Iterator[Callable[[Response], socket.socket]]:
    """Serves one response to every request, and connects to it."""
    answers: list[Response] = []

    async def give(_: Request) -> Response:
        return answers[-1]

    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "s")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(address)
        listening.listen()
        app = Starlette(routes=[Route("/", give, methods=["POST"])])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none", http="h11"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        clients = []

        def connect(response: Response) -> socket.socket:
            answers.append(response)
            client = socket.socket(socket.AF_UNIX)
            clients.append(client)
            client.settimeout(10)
            client.connect(address)
            client.sendall(b"POST / HTTP/1.1\r\nHost: engine\r\nContent-Length: 0\r\n\r\n")
            return client

        yield connect
        for client in clients:
            client.close()
        server.should_exit = True
        thread.join()


def read(client: socket.socket) -> tuple[http.client.HTTPResponse, bytes]:
    response = http.client.HTTPResponse(client)
    response.begin()
    with response:
        return response, response.read()


Serve = Callable[[Response], socket.socket]


class TestOneResult:
    def test_it_is_the_body_and_the_report_a_header(self, serve: Serve) -> None:
        shared, parts = results(("cutout", "image/png", b"\x89PNG...", None))
        response, body = read(serve(answer(shared, parts, "j.1", several=False)))
        assert (response.status, body) == (200, b"\x89PNG...")
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Content-Length"] == "7"
        assert response.headers["X-Bshm-Job"] == "j.1"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert json.loads(response.headers["X-Bshm-Report"]) == REPORT
        assert response.headers["X-Bshm-Report"].isascii()

    def test_raw_samples_have_their_size_in_headers(self, serve: Serve) -> None:
        shared, parts = results(("matte", "application/octet-stream", bytes(8), (4, 2, 1)))
        response, body = read(serve(answer(shared, parts, "j", several=False)))
        assert body == bytes(8)
        assert [response.headers[f"X-{each}"] for each in ("Width", "Height", "Channels")] == ["4", "2", "1"]

    def test_many_megabytes_come_whole(self, serve: Serve) -> None:
        data = bytes(range(256)) * 20_000 + b"end"
        shared, parts = results(("cutout", "image/tiff", data, None))
        response, body = read(serve(answer(shared, parts, "j", several=False)))
        assert body == data
        assert response.headers["Content-Length"] == str(len(data))


class TestSeveralResults:
    def ask(self, serve: Serve, *contents: tuple[str, str, bytes, tuple[int, int, int] | None]) -> list[Message]:
        shared, parts = results(*contents)
        response, body = read(serve(answer(shared, parts, "j.1", several=True)))
        assert response.headers["X-Bshm-Job"] == "j.1"
        assert len(body) == int(response.headers["Content-Length"])
        whole = email.message_from_bytes(
            b"Content-Type: " + response.headers["Content-Type"].encode() + b"\r\n\r\n" + body
        )
        assert whole.get_content_type() == "multipart/mixed"
        assert not whole.defects
        parts_read = whole.get_payload()
        assert isinstance(parts_read, list)
        return [each for each in parts_read if isinstance(each, Message)]

    def test_the_report_is_the_first_part(self, serve: Serve) -> None:
        report, cutout, matte = self.ask(
            serve, ("cutout", "image/png", b"\x89PNG\r\n--bshm-", None), ("matte", "image/tiff", b"II*\0\r\n", None)
        )
        assert json.loads(str(report.get_payload())) == REPORT
        assert [each.get_content_type() for each in (report, cutout, matte)] == [
            "application/json",
            "image/png",
            "image/tiff",
        ]
        assert [each["Content-Disposition"] for each in (report, cutout, matte)] == [
            'attachment; name="report"',
            'attachment; name="cutout"',
            'attachment; name="matte"',
        ]
        assert cutout.get_payload(decode=True) == b"\x89PNG\r\n--bshm-"
        assert matte.get_payload(decode=True) == b"II*\0\r\n"
        assert [each["Content-Length"] for each in (cutout, matte)] == ["13", "6"]

    def test_one_result_can_come_so_too(self, serve: Serve) -> None:
        _, matte = self.ask(serve, ("matte", "application/octet-stream", b"\1" * 8, (4, 2, 1)))
        assert matte.get_payload(decode=True) == b"\1" * 8
        assert [matte[f"X-{each}"] for each in ("Width", "Height", "Channels")] == ["4", "2", "1"]

    def test_no_two_answers_have_the_same_boundary(self) -> None:
        types = []
        for _ in range(2):
            shared, parts = results(("matte", "image/png", b"", None))
            with shared:
                types.append(answer(shared, parts, "j", several=True).headers["Content-Type"])
        assert types[0] != types[1]


class TestMemory:
    @pytest.mark.parametrize("several", [False, True])
    def test_it_is_freed_when_all_is_sent(self, serve: Serve, several: bool) -> None:
        shared, parts = results(("cutout", "image/png", b"abc", None))
        read(serve(answer(shared, parts, "j", several=several)))
        wait_for(lambda: is_closed(shared))

    def test_it_is_freed_when_the_client_goes_away_midway(self, serve: Serve) -> None:
        shared, parts = results(("cutout", "image/png", bytes(50_000_000), None))
        client = serve(answer(shared, parts, "j", several=False))
        assert client.recv(10_000)
        assert not is_closed(shared)
        client.close()
        wait_for(lambda: is_closed(shared))


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


class TestReports:
    def long(self, **lists: Any) -> tuple[dict[str, Any], str]:
        line = one_line(json.dumps({**REPORT, **lists}).encode())
        assert len(line) <= 48_000
        content = json.loads(line)
        assert content["width"] == REPORT["width"]
        return content, line

    def test_a_report_of_many_lines_is_one_line(self) -> None:
        assert one_line(b'{\n "warnings": ["a\\nb", "\xc3\xbc"]\n}') == r'{"warnings":["a\nb","\u00fc"]}'

    def test_people_that_are_too_many_are_left_out_and_counted(self) -> None:
        people = [{"box": [number, 0, 1, 1], "route": "small"} for number in range(5000)]
        content, line = self.long(people=people)
        kept = len(content["people"])
        assert content["people"] == people[:kept]
        assert content["left_out"] == {"people": 5000 - kept}
        assert len(line) > 47_900

    def test_so_are_warnings_where_that_is_not_enough(self) -> None:
        content, _ = self.long(warnings=["ü" * 1000 for _ in range(20)])
        assert content["people"] == []
        assert content["left_out"] == {"people": 1, "warnings": 20 - len(content["warnings"])}
        assert content["warnings"]


class TestProblems:
    def content(self, response: Response) -> Any:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Cache-Control"] == "no-store"
        return json.loads(bytes(response.body))

    def test_an_error_is_a_problem_with_its_sentence(self) -> None:
        response = problem(NotAPictureError("a.jpg: empty", remedy="Copy it again"), "j.1")
        assert response.status_code == 422
        assert response.headers["X-Bshm-Job"] == "j.1"
        content = self.content(response)
        assert content["detail"] == "a.jpg: empty. Copy it again."
        assert content["job"] == "j.1"

    def test_a_busy_engine_says_when_to_come_again(self) -> None:
        response = problem(BusyError("the queue is full", retry_after=7), None)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "7")
        assert "job" not in self.content(response)

    def test_a_request_has_its_own_status(self) -> None:
        assert problem(RequestError("no such path", status=404), None).status_code == 404

    def test_a_name_that_is_no_text_can_be_told(self) -> None:
        assert self.content(problem(NotAPictureError("a\udcff.jpg: empty"), None))["what"] == "a\udcff.jpg: empty"
