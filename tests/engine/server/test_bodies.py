"""A body comes whole into shared memory, or is refused in a sentence and leaves nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path

import pytest
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from engine.errors import BshmError, BusyError
from engine.server.bodies import ClientGone, Pace, receive_body
from engine.server.protocol import ConnectionLimits
from engine.server.refusal import Refusal, refusal
from engine.server.sockets import Listening
from engine.settings import Limits
from tests.engine.server.conftest import short_folder
from tests.engine.server.edge import Answer, connected, on_unix, read_answer, send_until_refused, serving, until

LIMITS = Limits(megapixels=1, megabytes=2)
PACE = Pace(silence=0.2, grace=0.6, rate=1_000_000)


class Receiver:
    """Receives bodies and tells what came. room: bytes that may be reserved. reserved: by the request in hand."""

    def __init__(self) -> None:
        self.room, self.reserved, self.gone = 10_000_000, 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reserved = 0
        try:
            body = await receive_body(receive, Headers(scope=scope), LIMITS, self.reserve, "a.jpg", PACE)
        except ClientGone:
            self.gone += 1
            return
        except BshmError as error:
            await refusal(error).send(send)
            return
        with body.shared as shared:
            spans = {"picture": body.picture, "background": body.background, "selection": body.selection}
            told = {key: digest(shared.read(*span)) for key, span in spans.items() if span}
        content = json.dumps({**told, "raw": body.raw, "size": body.picture.length}).encode()
        await Refusal(200, ((b"content-length", b"%d" % len(content)),), content).send(send)

    def reserve(self, count: int) -> None:
        if self.reserved + count > self.room:
            raise BusyError("the engine's queue is full", retry_after=7)
        self.reserved += count


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="module")
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture(scope="module")
def listening(receiver: Receiver) -> Iterator[Listening]:
    with short_folder() as folder, on_unix(folder / "s") as one, serving(receiver, one, ConnectionLimits(linger=0.3)):
        yield one


@pytest.fixture(autouse=True)
def _nothing_is_left(receiver: Receiver) -> Iterator[None]:
    receiver.room = 10_000_000
    yield
    until(lambda: memories() == 0)


def memories() -> int:
    """How many pieces of shared memory this process holds."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += "memfd:bshm" in str(each.readlink())
    return found


def head(length: int | None, *lines: str) -> bytes:
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return "\r\n".join(["POST / HTTP/1.1", "Host: engine", framing, *lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def post(listening: Listening, *pieces: bytes) -> Answer:
    with connected(listening) as one:
        with suppress(BrokenPipeError, ConnectionResetError):
            for each in pieces:
                one.sendall(each)
        return read_answer(one)


class TestWhole:
    data = os.urandom(1_999_999)

    def test_a_file_with_its_length(self, listening: Listening, receiver: Receiver) -> None:
        answer = post(listening, head(len(self.data), "Content-Type: image/jpeg"), self.data)
        assert json.loads(answer.body) == {"picture": digest(self.data), "raw": None, "size": len(self.data)}
        assert receiver.reserved == len(self.data)

    def test_a_file_in_chunks(self, listening: Listening, receiver: Receiver) -> None:
        pieces = [chunk(self.data[at : at + 99_999]) for at in range(0, len(self.data), 99_999)]
        answer = post(listening, head(None), *pieces, chunk(b""))
        assert json.loads(answer.body)["picture"] == digest(self.data)
        assert receiver.reserved == len(self.data)

    def test_raw_pixels(self, listening: Listening) -> None:
        lines = "Content-Type: application/octet-stream", "X-Width: 100", "X-Height: 50", "X-Channels: 4"
        for length, data in ((20_000, self.data[:20_000]), (None, chunk(self.data[:20_000]) + chunk(b""))):
            answer = post(listening, head(length, *lines), data)
            assert json.loads(answer.body) == {
                "picture": digest(self.data[:20_000]),
                "raw": [100, 50, 4],
                "size": 20_000,
            }

    def test_raw_pixels_and_their_selection(self, listening: Listening) -> None:
        size = "X-Width: 100", "X-Height: 50", "X-Channels: 4"
        lines = "Content-Type: application/octet-stream", *size, "X-Selection: 1"
        pixels, selection = self.data[:20_000], self.data[20_000:25_000]
        for length, data in ((25_000, pixels + selection), (None, chunk(pixels) + chunk(selection) + chunk(b""))):
            answer = post(listening, head(length, *lines), data)
            told = {"picture": digest(pixels), "selection": digest(selection), "raw": [100, 50, 4], "size": 20_000}
            assert json.loads(answer.body) == told

    def test_a_form(self, listening: Listening) -> None:
        first, second = self.data[:900_000], self.data[900_000:1_500_000]
        disposition = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="x"\r\n\r\n%s\r\n'
        form = disposition % (b"background", second) + disposition % (b"picture", first) + b"--b--\r\n"
        answer = post(listening, head(len(form), "Content-Type: multipart/form-data; boundary=b"), form)
        told = {"picture": digest(first), "background": digest(second), "raw": None, "size": 900_000}
        assert json.loads(answer.body) == told

    def test_one_after_another_over_one_connection(self, listening: Listening) -> None:
        with connected(listening) as one:
            for each in (b"first", b"second", b"third"):
                one.sendall(head(len(each)) + each)
                assert json.loads(read_answer(one).body)["picture"] == digest(each)


class TestRefused:
    def test_too_large_by_its_length_is_told_before_it_is_sent(self, listening: Listening) -> None:
        answer = post(listening, head(600_000_000))
        assert (answer.status, answer.headers["Connection"]) == (413, "close")
        assert answer.problem["why"] == "the limit is 2"

    def test_too_large_without_a_length_is_cut_short(self, listening: Listening, receiver: Receiver) -> None:
        with connected(listening) as one:
            one.sendall(head(None))
            send_until_refused(one, repeat(chunk(bytes(100_000))))
            assert read_answer(one).status == 413
        assert receiver.reserved <= 2_000_000

    @pytest.mark.parametrize("said", [head(0), head(None) + chunk(b""), b"POST / HTTP/1.1\r\nHost: a\r\n\r\n"])
    def test_nothing_is_no_picture(self, listening: Listening, said: bytes) -> None:
        answer = post(listening, said)
        assert answer.status == 422
        assert answer.problem["what"] == "a.jpg: the file is empty"

    def test_an_empty_file_in_a_form_is_no_picture(self, listening: Listening) -> None:
        form = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="x"\r\n\r\n\r\n--b--\r\n'
        answer = post(listening, head(len(form), "Content-Type: multipart/form-data; boundary=b"), form)
        assert answer.problem["what"] == "a.jpg: the file is empty"

    @pytest.mark.parametrize(("length", "told"), [(19_999, "19999"), (20_001, "more than 20000"), (0, "0")])
    def test_raw_pixels_of_another_length(self, listening: Listening, length: int, told: str) -> None:
        lines = "Content-Type: application/octet-stream", "X-Width: 100", "X-Height: 50", "X-Channels: 4"
        answer = post(listening, head(None, *lines), chunk(bytes(length)) if length else b"", chunk(b""))
        assert answer.status == 400
        assert answer.problem["why"] == f"{told} bytes came, and 100 x 50 pixels with 4 channels are 20000"

    @pytest.mark.parametrize(("length", "told"), [(20_000, "20000"), (24_999, "24999"), (25_001, "more than 25000")])
    def test_a_selection_of_another_length(self, listening: Listening, length: int, told: str) -> None:
        lines = "Content-Type: application/octet-stream", "X-Width: 100", "X-Height: 50", "X-Channels: 4"
        answer = post(listening, head(None, *lines, "X-Selection: 1"), chunk(bytes(length)) + chunk(b""))
        assert answer.status == 400
        what = "100 x 50 pixels with 4 channels and their selection are 20000 and 5000"
        assert answer.problem["why"] == f"{told} bytes came, and {what}"

    @pytest.mark.parametrize("line", ["Content-Type: text/html", "Content-Encoding: gzip"])
    def test_other_kinds(self, listening: Listening, line: str) -> None:
        assert post(listening, head(5, line), b"hello").status == 415

    def test_a_form_that_is_none(self, listening: Listening) -> None:
        answer = post(listening, head(5, "Content-Type: multipart/form-data; boundary=b"), b"hello")
        assert (answer.status, answer.problem["what"]) == (400, "a.jpg: the form cannot be read")


class TestNoRoom:
    def test_a_full_queue_is_told_before_the_body_is_sent(self, listening: Listening, receiver: Receiver) -> None:
        receiver.room = 1000
        answer = post(listening, head(1001))
        assert (answer.status, answer.headers["Retry-After"], answer.headers["Connection"]) == (503, "7", "close")

    def test_half_a_body_takes_no_more_than_there_is(self, listening: Listening, receiver: Receiver) -> None:
        receiver.room = 1000
        with connected(listening) as one:
            one.sendall(head(None) + chunk(bytes(800)))
            until(lambda: receiver.reserved == 800)
            one.sendall(chunk(bytes(800)))
            assert read_answer(one).status == 503
        assert receiver.reserved == 800

    def test_no_descriptor_is_left(self, listening: Listening) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with connected(listening) as one:
            one.sendall(head(5)[:20])
            time.sleep(0.05)  # until it is accepted
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
            try:
                one.sendall(head(5)[20:] + b"hello")
                answer = read_answer(one)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.problem["why"] == "too many open files"


class TestTooSlow:
    def test_a_body_that_stands_still(self, listening: Listening) -> None:
        began = time.monotonic()
        answer = post(listening, head(1000), b"hello")
        assert 0.15 < time.monotonic() - began < 2
        assert (answer.status, answer.headers["Connection"]) == (408, "close")
        assert answer.problem["why"].startswith("5 bytes came in 0.")

    def test_a_body_that_drips(self, listening: Listening) -> None:
        with connected(listening) as one:
            one.sendall(head(1_000_000))
            assert 0.5 < send_until_refused(one, repeat(b"x"), pause=0.05) < 2
            assert read_answer(one).status == 408

    def test_a_large_body_has_more_time(self, listening: Listening) -> None:
        began = time.monotonic()
        with connected(listening) as one:
            one.sendall(head(1_900_000))
            for _ in range(19):
                time.sleep(0.06)
                one.sendall(bytes(100_000))
            assert read_answer(one).status == 200
        assert time.monotonic() - began > PACE.grace


class TestGone:
    @pytest.mark.parametrize(
        "said", [head(1000), head(1000) + b"hello", head(None) + chunk(b"hello"), head(None) + b"5"]
    )
    def test_a_client_that_hangs_up_is_gone(self, listening: Listening, receiver: Receiver, said: bytes) -> None:
        before = receiver.gone
        with connected(listening) as one:
            one.sendall(said)
        until(lambda: receiver.gone == before + 1)

    def test_a_body_that_is_cut_off_gets_a_sentence(self, listening: Listening, receiver: Receiver) -> None:
        before = receiver.gone
        with connected(listening) as one:
            one.sendall(head(1000) + b"hello")
            one.shutdown(socket.SHUT_WR)
            assert read_answer(one).problem["what"] == "the request is cut off"
        until(lambda: receiver.gone == before + 1)

    def test_a_receiving_that_is_given_up_leaves_nothing(self) -> None:
        async def cancelled() -> None:
            async def silence() -> Message:
                await asyncio.sleep(60)
                raise AssertionError

            task = asyncio.create_task(receive_body(silence, Headers(), LIMITS, lambda _: None))
            await asyncio.sleep(0.01)
            assert memories() == 1
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())
        assert memories() == 0
