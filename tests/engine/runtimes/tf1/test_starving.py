"""Memory that runs out, by the kernel's real limit: MemoryError, so that the engine's ladder goes on from there."""

from __future__ import annotations

import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from engine.errors import MemoryShortError
from engine.ladder import Asked, Outcome, outcomes
from engine.runtimes.tf1.process import Tf1Process
from engine.runtimes.tf1.runtime import Tf1Runtime
from tests.engine.models.making import network
from tests.engine.runtimes.tf1.pictures import SECONDS, TAKES, noise

MB = 1_000_000
Start = Callable[..., Tf1Process]


def test_it_may_take_what_it_was_given(start_red: Start) -> None:
    process = start_red(memory=1500 * MB)
    assert process.alpha(noise(TAKES, 200), SECONDS).shape == (TAKES, 200)
    assert vm_hwm(process.pid) > 800 * MB


def vm_hwm(pid: int) -> int:
    """The most that was resident, in bytes; proc(5)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) * 1024


def test_more_is_a_memory_error_and_the_next_picture_goes_on(start_red: Start) -> None:
    process = start_red(memory=1500 * MB)
    for _ in range(3):
        with pytest.raises(MemoryError, match="OOM when allocating tensor"):
            process.alpha(noise(TAKES, 1000), SECONDS)  # 4 GB
        assert process.alive
        picture = noise(300, 400)
        assert np.array_equal(process.alpha(picture, SECONDS), picture[..., 0])


def test_without_a_limit_of_its_own_ours_is_none(start_red: Start) -> None:
    """The networks' process has one, which counts what that has; this one is another process."""
    with data_limited_to(3000 * MB):
        process = start_red()
    assert resource.prlimit(process.pid, resource.RLIMIT_DATA)[0] == resource.getrlimit(resource.RLIMIT_DATA)[1]


@contextmanager
def data_limited_to(size: int, what: int = resource.RLIMIT_DATA) -> Iterator[None]:
    before = resource.getrlimit(what)
    resource.setrlimit(what, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def test_shared_memory_that_cannot_be_had_is_a_memory_error(start_red: Start) -> None:
    process = start_red()
    with data_limited_to(100_000, resource.RLIMIT_FSIZE), pytest.raises(MemoryError, match="of shared memory"):
        process.alpha(noise(500, 500), SECONDS)
    picture = noise(300, 400)
    assert np.array_equal(process.alpha(picture, SECONDS), picture[..., 0])


class TestLadder:
    """Of convolutions, whose C++ ends the process where memory runs out."""

    @pytest.fixture
    def outcome(self, tensorflow_1: Path, graphs: Path) -> Callable[[int], tuple[Outcome, list[str]]]:
        """What comes of a picture which takes more than 600 MB; a tile takes a sixth."""

        def made(memory: int) -> tuple[Outcome, list[str]]:
            bshm = network(name="bshm")
            session = Tf1Runtime(tensorflow_1, "cpu", 0.9, True, SECONDS, memory=memory).load(bshm, graphs / "wide.pb")
            asked = Asked(np.asarray(noise(640, 960).transpose(2, 0, 1)[None], np.float32), [])
            (outcome,) = outcomes(session.run, bshm, [asked])
            session.close()
            return outcome, asked.steps

        return made

    def test_a_picture_that_does_not_fit_is_matted_in_tiles(
        self, outcome: Callable[[int], tuple[Outcome, list[str]]]
    ) -> None:
        whole, steps = outcome(0)
        assert steps == []
        tiled, steps = outcome(450 * MB)
        smaller = ["Memory was short: bshm saw 960 x 640 pixels in 15 tiles of 256 x 256."]
        assert steps[0] == "Memory was short: bshm saw 960 x 640 pixels in 12 tiles of 320 x 320."
        assert steps[1:] in ([], smaller)  # how much TensorFlow wants at once is its threads' affair
        assert isinstance(whole, tuple)
        assert isinstance(tiled, tuple)
        assert tiled[0].shape == whole[0].shape == (1, 1, 640, 960)
        assert 0 <= tiled[0].min() <= tiled[0].max() <= 1

    def test_a_picture_that_does_not_fit_in_tiles_either_is_a_sentence(
        self, outcome: Callable[[int], tuple[Outcome, list[str]]]
    ) -> None:
        """Of one megabyte there is nothing left for convolutions' own code, which is made for the processor at hand."""
        refused, steps = outcome(1 * MB)
        assert isinstance(refused, MemoryShortError)
        assert len(steps) == 2
