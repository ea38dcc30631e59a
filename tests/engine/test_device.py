"""The device thread: who goes first, what shares a batch, what a watchdog sees, and that nobody is left waiting."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.device import LONGEST_HELD, Device, Waiting, chosen
from engine.errors import CancelledError
from engine.models.catalogue import NETWORKS
from engine.networks import to_tensor
from engine.work import Work
from tests.engine.scenes import photo
from tests.engine.sessions import Door, Failing

if TYPE_CHECKING:
    from engine.networks import Networks
    from engine.runtimes import Session, Tensor

MODNET = NETWORKS["modnet"]
IN_FOURS = replace(MODNET, batch=4)


def tensor(number: float, side: int = 2) -> Tensor:
    return np.full((1, 3, side, side), number, np.float32)


def numbers(door: Door) -> list[list[float]]:
    """What a session saw, run by run."""
    return [[float(value) for value in each[:, 0, 0, 0]] for each in door.seen]


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


class Busy:
    """A device that is kept busy by one run, so that those that are asked for meanwhile wait together, in order."""

    def __init__(self, device: Device, threads: ThreadPoolExecutor) -> None:
        self.device, self._threads, self._door = device, threads, Door()
        self._first = threads.submit(device.run, MODNET, self._door, tensor(0), Work())
        assert self._door.entered.wait(30)

    def ask(
        self, session: Session, given: Tensor, *, urgent: bool = False, work: Work | None = None
    ) -> Future[tuple[Tensor, ...]]:
        before = len(self.device._waiting)
        asked = self._threads.submit(self.device.run, IN_FOURS, session, given, work or Work(urgent=urgent))
        until(lambda: len(self.device._waiting) > before)
        return asked

    def end(self) -> None:
        self._door.open.set()
        self._first.result(30)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def press_ctrl_c() -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def test_a_run_gives_what_the_session_gives(device: Device) -> None:
    door = Door()
    door.open.set()
    (doubled,) = device.run(MODNET, door, tensor(3), Work())
    assert np.array_equal(doubled, tensor(6))


def test_the_picture_that_was_begun_first_goes_first(device: Device, threads: ThreadPoolExecutor) -> None:
    """Else all that are under way would be done at the same late time."""
    busy, door = Busy(device, threads), Door()
    door.open.set()
    early, late = Work(), Work()
    asked = [
        busy.ask(door, tensor(number, side=number), work=work) for number, work in ((2, late), (3, late), (4, early))
    ]
    busy.end()
    for each in asked:
        each.result(30)
    assert numbers(door) == [[4], [2], [3]]


class TestBatches:
    def test_runs_of_one_shape_that_wait_together_share_a_batch_and_each_gets_its_own(
        self, device: Device, threads: ThreadPoolExecutor
    ) -> None:
        busy, door = Busy(device, threads), Door()
        door.open.set()
        asked = [busy.ask(door, tensor(number)) for number in range(1, 7)]
        busy.end()
        assert [float(each.result(30)[0][0, 0, 0, 0]) for each in asked] == [2, 4, 6, 8, 10, 12]
        assert all(each.result()[0].shape == (1, 3, 2, 2) for each in asked)
        assert numbers(door) == [[1, 2, 3, 4], [5, 6]]

    def test_others_stay_alone(self, device: Device, threads: ThreadPoolExecutor) -> None:
        busy, door, other = Busy(device, threads), Door(), Door()
        door.open.set()
        other.open.set()
        asked = [busy.ask(door, tensor(1)), busy.ask(door, tensor(2, side=3)), busy.ask(other, tensor(3))]
        asked.append(busy.ask(door, tensor(4), urgent=True))
        busy.end()
        for each in asked:
            each.result(30)
        assert numbers(door) == [[4], [1], [2]]
        assert numbers(other) == [[3]]

    @pytest.mark.parametrize(("name", "side"), [("modnet", 96), ("rvm", 80)])
    def test_a_batch_gives_what_runs_alone_give(
        self, networks: Networks, threads: ThreadPoolExecutor, device: Device, name: str, side: int
    ) -> None:
        session = networks.load(NETWORKS[name])
        crops = [photo(each)[20 : 20 + side, 200 : 200 + side] for each in ("astronaut", "coffee", "chelsea", "rocket")]
        tensors = [to_tensor(each, NETWORKS[name].tensors) for each in crops]
        alone = [session.run(each)[0] for each in tensors]
        busy = Busy(device, threads)
        before = device.pulse.runs
        asked = [busy.ask(session, each) for each in tensors]
        busy.end()
        together = [each.result(30)[0] for each in asked]
        assert device.pulse.runs == before + 2  # the one that kept it busy, and one for the four
        assert np.abs(np.concatenate(together) - np.concatenate(alone)).max() < 1e-5


class TestWhoGoesFirst:
    def test_a_person_who_waits(self, device: Device, threads: ThreadPoolExecutor) -> None:
        busy, door = Busy(device, threads), Door()
        door.open.set()
        asked = [busy.ask(door, tensor(number, side=number)) for number in (1, 2, 3)]
        asked.append(busy.ask(door, tensor(4, side=4), urgent=True))
        busy.end()
        for each in asked:
            each.result(30)
        assert numbers(door) == [[4], [1], [2], [3]]

    def test_between_the_runs_of_such_a_picture_others_are_held_back(
        self, device: Device, threads: ThreadPoolExecutor
    ) -> None:
        door, work = Door(), Work(urgent=True)
        door.open.set()
        with device.attending(work):
            asked = threads.submit(device.run, MODNET, door, tensor(1), Work())
            time.sleep(0.2)
            device.run(MODNET, door, tensor(2), work)
            assert not asked.done()
        asked.result(LONGEST_HELD / 2)
        assert numbers(door) == [[2], [1]]

    def test_but_not_for_ever(self, device: Device) -> None:
        door = Door()
        door.open.set()
        start = time.monotonic()
        with device.attending(Work(urgent=True)):
            device.run(MODNET, door, tensor(1), Work())
        assert LONGEST_HELD - 0.01 <= time.monotonic() - start < LONGEST_HELD + 1

    def test_nor_by_many_such_pictures_without_a_pause(self, device: Device, threads: ThreadPoolExecutor) -> None:
        door, work = Door(), Work(urgent=True)
        door.open.set()
        asked = None
        start = time.monotonic()
        while asked is None or not asked.done():
            with device.attending(work):
                device.run(MODNET, door, tensor(1), work)
                asked = asked or threads.submit(device.run, MODNET, door, tensor(2), Work())
            assert time.monotonic() - start < LONGEST_HELD + 5

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 2), st.none() | st.floats(0, 3))), st.booleans())
    def test_whoever_it_is_they_are_alike_and_may_run(
        self, runs: list[tuple[bool, int, float | None]], holding: bool
    ) -> None:
        session = Door()
        waiting = [
            Waiting(IN_FOURS, session, tensor(0, side), Work(urgent=urgent), None if urgent else since)
            for urgent, side, since in runs
        ]
        batch = chosen(waiting, holding, now=3.0)
        may = [each for each in waiting if not holding or each.work.urgent or each.overdue(3.0)]
        assert bool(batch) == bool(may)
        assert set(map(id, batch)) <= set(map(id, may))
        assert len({(each.tensor.shape, each.work.urgent) for each in batch}) <= 1
        assert len(batch) == len(set(map(id, batch))) <= IN_FOURS.batch
        if any(each.overdue(3.0) for each in may):
            assert batch[0].overdue(3.0)
        elif any(each.work.urgent for each in may):
            assert batch[0].work.urgent


class TestPulse:
    def test_it_tells_how_long_the_run_under_way_takes(self, device: Device, threads: ThreadPoolExecutor) -> None:
        assert (device.pulse.busy, device.pulse.runs) == (0, 0)
        busy = Busy(device, threads)
        time.sleep(0.1)
        assert 0.1 <= device.pulse.busy < 30
        assert device.pulse.runs == 0
        busy.end()
        assert (device.pulse.busy, device.pulse.runs) == (0, 1)


class TestFailures:
    def test_they_are_the_callers_and_the_next_run_goes_on(self, device: Device, threads: ThreadPoolExecutor) -> None:
        busy, door = Busy(device, threads), Door()
        door.open.set()
        failing, fine = busy.ask(Failing(), tensor(1)), busy.ask(door, tensor(2))
        busy.end()
        with pytest.raises(ValueError, match=r"cannot run \(1, 3, 2, 2\)"):
            failing.result(30)
        assert fine.result(30)[0][0, 0, 0, 0] == 4
        assert device.pulse.runs == 3


class TestClose:
    def test_who_waits_is_told(self, device: Device, threads: ThreadPoolExecutor) -> None:
        busy = Busy(device, threads)
        asked = busy.ask(Door(), tensor(1))
        closing = Thread(target=device.close)
        closing.start()
        with pytest.raises(CancelledError, match="the networks have been put away"):
            asked.result(30)
        busy.end()
        closing.join(30)
        with pytest.raises(CancelledError):
            device.run(MODNET, Door(), tensor(1), Work())
        device.close()


class TestCtrlC:
    def test_it_waits_for_the_run_under_way(self, device: Device) -> None:
        """Else native code would still run while the interpreter is taken down."""
        door = Door()

        def interrupt() -> None:
            door.entered.wait(30)
            press_ctrl_c()
            time.sleep(0.2)
            door.open.set()

        other = Thread(target=interrupt)
        other.start()
        with pytest.raises(KeyboardInterrupt):
            device.run(MODNET, door, tensor(1), Work())
        assert door.open.is_set()
        until(lambda: device.pulse.runs == 1)
        other.join()

    def test_what_only_waits_is_taken_back(self, device: Device, threads: ThreadPoolExecutor) -> None:
        busy, door = Busy(device, threads), Door()

        def interrupt() -> None:
            until(lambda: len(device._waiting) == 1)
            press_ctrl_c()

        other = Thread(target=interrupt)
        other.start()
        with pytest.raises(KeyboardInterrupt):
            device.run(MODNET, door, tensor(1), Work())
        assert not device._waiting
        busy.end()
        other.join()
        assert door.seen == []
