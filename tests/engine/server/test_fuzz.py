"""A little of tests.bench.fuzz, the same in every run: whatever comes, the engine answers it and goes on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.engine.pictures.test_refusals import FILES
from tests.engine.server.calling import call_as_described
from tests.engine.server.judging import exchanged, fault_of, fault_of_edge
from tests.engine.server.live import Live, free_port, live
from tests.engine.server.mutations import bombs, changed, requests

_MATTE = "/v1/cutout?want=matte&format=raw&quality=fast"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def engine(port: int) -> Iterator[Live]:
    """An engine that is the same process afterwards, has lost no worker, and has no fault in its log."""
    limits = "limits:\n  megapixels: 4\n  megabytes: 5"
    with live(f"{limits}\nengine:\n  port: {port}\n") as one:
        worker = one.status()["worker_pid"]
        yield one
        status = one.status()
        assert (status["pid"], status["worker_pid"]) == (one.process.pid, worker)
        assert status["counts"]["restarts"] == 0
        assert status["queue"]["bytes"] == status["queue"]["waiting"] == 0
        assert "Traceback" not in one.log
        assert "Exception" not in one.log


def test_changed_files_are_cut_out_or_refused(engine: Live) -> None:
    random, files = Random(3), [*FILES.values()]
    sent = [changed(random.choice(files), random, files) for _ in range(25)]
    answers = [engine.ask("POST", _MATTE, data) for data in sent]
    assert [fault for each in answers if (fault := fault_of(each))] == []
    assert {each.status for each in answers} >= {200, 422}


def test_bombs_are_refused_or_harmless(engine: Live) -> None:
    before = sum(engine.memory())
    faults = {name: fault_of(engine.ask("POST", _MATTE, data)) for name, data in bombs()}
    assert {name: fault for name, fault in faults.items() if fault} == {}
    assert sum(engine.memory()) < before + 200e6


def test_bytes_that_are_hardly_requests_are_answered_or_hung_up_on(engine: Live) -> None:
    sent = [*itertools.islice(requests(Random(5), FILES["jpeg"]), 150)]
    with ThreadPoolExecutor(8) as pool:
        said = [*pool.map(lambda each: exchanged(str(engine.address), each, patience=0.3, limit=20), sent)]
    faults = [(one, fault) for one, two in zip(sent, said, strict=True) if (fault := fault_of_edge(two, one))]
    assert faults == []
    assert {each[9:12] for each in said} >= {b"200", b"400", b"404", b"405"}


def test_it_is_as_its_openapi_document_says(engine: Live, port: int) -> None:
    good, words = call_as_described(
        engine, port, "--phases", "fuzzing", "--max-examples", "5", "--generation-deterministic"
    )
    assert good, words
