"""What the engine says of itself, and that it is so."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engine.server.live import Live, counted, live, problem, until


@pytest.fixture(scope="module")
def small() -> Iterator[Live]:
    """An engine that takes two pictures at a time."""
    with live("queue: {pictures: 2}\nlimits: {megapixels: 30, megabytes: 20}\n") as one:
        yield one


@pytest.fixture
def one(small: Live) -> Live:
    return small


class TestItself:
    def test_it_is_alive_and_ready(self, one: Live) -> None:
        assert one.get("/healthz").json() == {"state": "alive"}
        assert one.get("/readyz").json() == {"state": "ready"}

    def test_its_status_says_what_it_has(self, one: Live, astronaut: bytes) -> None:
        one.cut_out(astronaut)
        status = one.status()
        assert status["pid"] == one.process.pid
        assert status["device"].startswith("CPU, ")
        assert {"rvm", "modnet"} <= set(status["networks"])
        assert status["counts"]["done"] > 0
        assert status["rates"]["seconds_per_picture"] > 0
        assert status["memory"]["worker_bytes"] > status["memory"]["server_bytes"] > 0
        assert status["settings"]["limits"] == {"megapixels": 30, "megabytes": 20}

    def test_its_networks_are_listed(self, one: Live) -> None:
        networks = {each["name"]: each for each in one.get("/v1/models").json()["networks"]}
        assert networks["modnet"] == {
            "name": "modnet",
            "task": "matte",
            "licence": "Apache-2.0",
            "permissive": True,
            "installed": True,
            "loaded": True,
            "usable": True,
        }

    def test_its_metrics_can_be_scraped(self, one: Live, astronaut: bytes) -> None:
        one.cut_out(astronaut)
        text = one.get("/metrics").text
        assert 'bshm_pictures_total{outcome="done",priority="interactive"}' in text
        assert 'bshm_answers_total{status="200"}' in text

    def test_its_description_is_served(self, one: Live) -> None:
        assert one.get("/openapi.json").json()["openapi"].startswith("3.1")


def test_the_queue_is_bounded_and_says_when_to_come_again(one: Live, astronaut: bytes) -> None:
    refused_before, told_before = one.status()["counts"]["refused"], counted(one, 'bshm_answers_total{status="503"}')
    with ThreadPoolExecutor(6) as pool:
        answers = [each.result() for each in [pool.submit(one.cut_out, astronaut) for _ in range(6)]]
    refused = [each for each in answers if each.status_code == 503]
    assert refused
    assert {each.status_code for each in answers} == {200, 503}
    problem(refused[0], 503, "the engine's queue is full: 2 pictures are in it")
    assert int(refused[0].headers["retry-after"]) >= 1
    assert one.status()["counts"]["refused"] == refused_before + len(refused)
    assert counted(one, 'bshm_answers_total{status="503"}') == told_before + len(refused)


def test_what_is_refused_is_told_alike_everywhere(one: Live) -> None:
    problem(one.cut_out(b"", colour="red"), 400, "colour")
    problem(one.cut_out(b"", priority="batch", people="nobody"), 400, "people")
    metrics = [f'bshm_pictures_total{{outcome="refused",priority="{each}"}}' for each in ("interactive", "batch")]
    assert sum(counted(one, each) for each in metrics) == one.status()["counts"]["refused"] >= 2


def test_the_last_errors_are_not_pushed_out_by_a_full_queue(one: Live, astronaut: bytes) -> None:
    problem(one.cut_out(b"text", name="一.txt"), 422, "not a picture")
    with ThreadPoolExecutor(6) as pool:
        answers = [each.result() for each in [pool.submit(one.cut_out, astronaut) for _ in range(6)]]
    assert 503 in {each.status_code for each in answers}
    assert one.status()["last_errors"][-1]["detail"].startswith("一.txt: ")


def test_a_place_is_taken_from_the_request_to_the_last_byte_of_the_answer(one: Live, astronaut: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(one.address))
        client.sendall(b"POST /v1/cutout HTTP/1.1\r\nHost: e\r\nContent-Length: 99\r\n\r\n" + astronaut[:9])
        until(lambda: one.status()["queue"]["pictures"] == 1)
        queue = one.status()["queue"]
        assert (queue["waiting"], queue["running"]) == (0, 0)
    until(lambda: one.status()["queue"]["pictures"] == 0)


def test_results_that_nobody_reads_are_counted_until_they_are_sent(one: Live) -> None:
    """Their bytes are in the memory, as those of pictures are."""
    width, height = 1600, 1200
    head = f"POST /v1/cutout?want=matte,composite&format=raw&quality=fast HTTP/1.1\r\nHost: e\r\nX-Width: {width}\r\n"
    head += f"X-Height: {height}\r\nX-Channels: 1\r\nContent-Type: application/octet-stream\r\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(one.address))
        client.sendall(f"{head}Content-Length: {width * height}\r\n\r\n".encode() + bytes(width * height))
        until(lambda: one.status()["queue"]["bytes"] > (1 + 1 + 3) * width * height)
        assert one.status()["queue"]["running"] == 0
        while client.recv(1_000_000):  # the connection goes on, until it has been idle for a while
            if one.status()["queue"]["bytes"] == 0:
                break
    until(lambda: one.status()["queue"]["pictures"] == 0)
