"""The engine inside its memory: a budget that pictures share, and the kernel's real limit when that is not enough."""

from __future__ import annotations

import io
import json
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.engine.server.live import Live, live, until


def enlarged(data: bytes, width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).resize((width, height)).save(stream, "JPEG")
    return stream.getvalue()


@contextmanager
def left_to(worker: psutil.Process, megabytes: int) -> Iterator[None]:
    """Lets the process take so many MB more, and no more: the kernel refuses."""
    before = worker.rlimit(resource.RLIMIT_DATA)
    worker.rlimit(resource.RLIMIT_DATA, (worker.memory_info().data + megabytes * 1_000_000, before[1]))
    try:
        yield
    finally:
        worker.rlimit(resource.RLIMIT_DATA, before)


@pytest.fixture(scope="module")
def small() -> Iterator[Live]:
    """An engine that may take 600 MB."""
    with live("memory: {megabytes: 600}\n") as one:
        yield one
        assert one.status()["counts"]["restarts"] == 0


@pytest.fixture(scope="module")
def one() -> Iterator[Live]:
    """An engine that may take what this machine has."""
    with live() as one:
        yield one


class TestBudget:
    def test_a_picture_that_can_never_fit_is_refused_before_it_is_decoded(self, small: Live, astronaut: bytes) -> None:
        response = small.cut_out(enlarged(astronaut, 8000, 6000))
        assert response.status_code == 413
        assert "the picture: it would take about" in response.json()["detail"]
        assert "Raise memory.megabytes" in response.json()["detail"]

    def test_pictures_that_fit_only_one_by_one_wait_for_each_other(self, small: Live, astronaut: bytes) -> None:
        large = enlarged(astronaut, 1600, 1200)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: small.cut_out(large, want="matte", priority="batch"), range(4)))
        assert [each.status_code for each in answers] == [200] * 4
        assert small.status()["memory"]["worker_bytes"] < 600_000_000

    def test_what_waits_for_memory_can_be_cancelled(self, small: Live, astronaut: bytes) -> None:
        large = enlarged(astronaut, 1600, 1200)
        with ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(small.cut_out, large, job=f"m{n}", priority="batch") for n in range(3)]
            until(lambda: small.get("/v1/jobs/m2").status_code == 200)
            with small.client() as client:
                client.delete("/v1/jobs/m2")
        assert [each.result().status_code for each in answers] == [200, 200, 409]


class TestShortage:
    """A budget that was too large: what the worker asks for is not there."""

    def test_the_networks_take_smaller_steps_and_the_next_picture_none(self, one: Live, astronaut: bytes) -> None:
        whole = one.cut_out(astronaut, want="matte")
        worker = one.worker
        stepped = None
        for megabytes in range(150, 20, -10):
            with left_to(worker, megabytes):
                answer = one.cut_out(astronaut, want="matte")
            if answer.status_code == 200 and json.loads(answer.headers["x-bshm-report"])["steps"]:
                stepped = answer
                break
        assert stepped is not None, "no limit made the networks take smaller steps"
        assert "Memory was short" in stepped.headers["x-bshm-report"]
        after = one.cut_out(astronaut, want="matte")
        assert json.loads(after.headers["x-bshm-report"])["steps"] == []
        assert after.content == whole.content
        inside = [np.asarray(Image.open(io.BytesIO(each.content))) > 127 for each in (whole, stepped)]
        assert (inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum() > 0.8

    def test_where_nothing_helps_it_is_said_and_the_next_picture_is_as_ever(self, one: Live, astronaut: bytes) -> None:
        whole = one.cut_out(astronaut, want="matte")
        large = enlarged(astronaut, 4000, 3000)
        with left_to(one.worker, 30):
            answer = one.cut_out(large, want="matte")
        assert answer.status_code == 507
        assert "there is not enough memory" in answer.json()["detail"]
        assert one.cut_out(astronaut, want="matte").content == whole.content
        assert one.cut_out(large, want="matte").status_code == 200
        assert one.status()["counts"]["restarts"] == 0
