"""The client and the real engine, over its Unix socket and over TCP."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from engine.client import Asked, Client, Raw
from engine.errors import (
    AccessError,
    BusyError,
    CancelledError,
    DeadlineError,
    LostError,
    NotAPictureError,
    NotRunningError,
    RequestError,
    TooLargeError,
)
from tests.engine.server.live import Live, live, until

FAST = Asked(quality="fast")
CONFIG = """\
limits: {megabytes: 2}
queue: {pictures: 2}
"""


def file_of(width: int = 40, height: int = 30, colour: tuple[int, int, int] = (90, 120, 150)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return stream.getvalue()


def opened(data: memoryview) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.fixture(scope="module")
def port() -> int:
    """A TCP port that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number: int = taken.getsockname()[1]
        return number


@pytest.fixture(scope="module")
def running(port: int) -> Iterator[Live]:
    with live(f"{CONFIG}engine: {{port: {port}}}\n") as engine:
        yield engine


@pytest.fixture
def client(running: Live) -> Client:
    return Client(running.address, patience=0)


@pytest.fixture
def busy(running: Live, client: Client, astronaut: bytes) -> Iterator[Callable[[str], None]]:
    """Lets the engine work on a photo under a job's ID; what becomes of it is not looked at."""
    with ThreadPoolExecutor() as threads:

        def work(job: str) -> None:
            threads.submit(client.cut_out, astronaut, Asked(job=job, quality="fast"))
            until(lambda: any(each["job"] == job for each in client.status()["jobs"]))

        yield work
        for each in client.status()["jobs"]:
            client.cancel(each["job"])


def test_a_photo_is_cut_out(client: Client, astronaut: bytes) -> None:
    answer = client.cut_out(astronaut, Asked(("cutout", "matte"), matte_bits=16, job="photo", quality="fast"))
    assert answer.job == "photo"
    assert (answer.report["width"], answer.report["height"], len(answer.report["people"])) == (256, 256, 1)
    assert list(answer.results) == ["cutout", "matte"]
    cutout, matte = (opened(each) for each in answer.results.values())
    assert (cutout.mode, cutout.size, matte.mode) == ("RGBA", (256, 256), "I;16")
    assert np.asarray(cutout)[100:250, 90:130, 3].mean() > 250, "the person is there"
    assert client.job("photo")["state"] == "done"


def test_raw_pixels_there_and_back(client: Client) -> None:
    pixels = np.full((30, 40, 3), (90, 120, 150), np.uint8)
    answer = client.cut_out(Raw(40, 30, 3, pixels.data), Asked(("cutout", "matte"), format="raw"))
    assert {kind: data.nbytes for kind, data in answer.results.items()} == {"cutout": 4800, "matte": 1200}
    assert not np.frombuffer(answer.results["matte"], np.uint8).any(), "nobody is there"


def test_a_picture_behind_composites(client: Client) -> None:
    answer = client.cut_out(file_of(), Asked(("composite",)), background=file_of(8, 6, (10, 200, 30)))
    assert opened(answer.results["composite"]).getpixel((20, 15)) == (10, 200, 30)


def test_what_it_says_of_itself(client: Client, running: Live) -> None:
    assert client.ready() == "ready"
    assert client.status()["pid"] == running.process.pid
    assert {"modnet", "rvm"} <= {each["name"] for each in client.models()}


def test_no_picture(client: Client) -> None:
    with pytest.raises(NotAPictureError) as raised:
        client.cut_out(b"this is no picture", Asked(name="照片.jpg"))
    assert str(raised.value).startswith("照片.jpg: ")


def test_what_is_too_large_is_refused_before_it_is_sent(client: Client) -> None:
    with pytest.raises(TooLargeError, match="the limit is 2"):
        client.cut_out(bytes(30_000_000))


def test_a_wrong_word(client: Client) -> None:
    with pytest.raises(RequestError, match="'edge' cannot be 'round'"):
        client.cut_out(file_of(), Asked(edge="round"))
    with pytest.raises(RequestError) as raised:
        client.job("never")
    assert raised.value.status == 404


def test_a_job_is_cancelled(client: Client, astronaut: bytes) -> None:
    with ThreadPoolExecutor() as threads:
        cut = threads.submit(client.cut_out, astronaut, Asked(job="unwanted"))
        until(lambda: any(each["stage"] == "matte" for each in client.status()["jobs"]))
        assert client.cancel("unwanted")["job"] == "unwanted"
        with pytest.raises(CancelledError):
            cut.result()
    assert client.job("unwanted")["state"] == "cancelled"


def test_a_deadline(client: Client, astronaut: bytes) -> None:
    with pytest.raises(DeadlineError, match="not finished in time"):
        client.cut_out(astronaut, Asked(deadline=0.05))


def test_a_full_queue(client: Client, busy: Callable[[str], None]) -> None:
    busy("one")
    busy("two")
    with pytest.raises(BusyError) as raised:
        client.cut_out(file_of())
    assert raised.value.retry_after >= 1


def test_tcp_wants_the_token(running: Live, port: int) -> None:
    token = running.address.with_name("engine.token").read_text(encoding="ascii").strip()
    assert Client(("127.0.0.1", port), token).cut_out(file_of(), FAST).report["width"] == 40
    with pytest.raises(AccessError, match="the engine's token is missing or wrong"):
        Client(("127.0.0.1", port), "guessed").status()


def test_the_transport_takes_no_time(client: Client) -> None:
    """What a call takes beside the engine's work: a connection, the question, the answer."""

    def milliseconds() -> float:
        before = time.perf_counter()
        client.ready()
        return (time.perf_counter() - before) * 1000

    assert min(milliseconds() for _ in range(20)) < 5


def test_an_engine_that_dies_and_starts_again(running: Live, client: Client, astronaut: bytes) -> None:
    with ThreadPoolExecutor() as threads:
        cut = threads.submit(client.cut_out, astronaut)
        until(lambda: client.status()["jobs"])
        running.process.kill()
        with pytest.raises(LostError, match="hung up: its answer is not complete"):
            cut.result()
    running.process.wait()
    with pytest.raises(NotRunningError):
        client.cut_out(astronaut)
    running.start(wait=False)
    assert client.wait_until_ready(60) == "ready"
    assert client.cut_out(file_of()).report["width"] == 40
