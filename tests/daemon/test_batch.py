"""The order, the overlap and the failures of a run. The steps here are small real ones; tests/daemon/commands/
test_cutout.py has the networks."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from daemon.batch import Loaded, Outcome, Task, cut_out_all
from daemon.log import log_file
from daemon.outputs import DiskFullError
from engine.errors import BshmError, DeviceError, NotAPictureError, OutputError, UsageError
from engine.types import CutOut, Picture, Report, Size, Source


def picture(width: int = 2, height: int = 2) -> Picture:
    size = Size(width, height)
    # One row that is repeated without memory: a picture may have any number of pixels here.
    pixels = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (height, width, 3))
    return Picture(pixels, None, None, None, Source("PNG", "RGB", 8, 1, size))


def cut(given: Picture) -> CutOut:
    matte = np.ones(given.pixels.shape[:2], np.float32)
    return CutOut(given, matte, given.pixels, Report(*given.size, (), "none", {}))


def save(folder: Path, name: str, result: CutOut) -> tuple[Path, ...]:
    path = folder / name
    path.write_bytes(bytes(result.picture.size))
    return (path,)


def task(folder: Path, name: str, load: Callable[[], Picture] = picture) -> Task:
    return Task(name, lambda: Loaded(load(), partial(save, folder, name)))


def failing(error: BaseException) -> Callable[..., Picture]:
    def step(*_: object) -> Picture:
        raise error

    return step


def names(outcomes: Iterator[Outcome]) -> list[str]:
    return [each.name for each in outcomes]


def test_outcomes_come_in_the_order_of_the_tasks(tmp_path: Path) -> None:
    given = [f"{number}.png" for number in range(7)]
    outcomes = list(cut_out_all([task(tmp_path, name) for name in given], cut))
    assert [each.name for each in outcomes] == given
    assert [each.written for each in outcomes] == [(tmp_path / name,) for name in given]
    assert all(each.report and not each.error for each in outcomes)


def test_nothing_to_do_is_done() -> None:
    assert list(cut_out_all([], cut)) == []


def test_the_next_is_read_and_the_last_is_written_beside_the_networks(tmp_path: Path) -> None:
    """Each of three steps waits for the two others to have begun: in turn they would never end."""
    together = threading.Barrier(3, timeout=20)

    def load() -> Picture:
        together.wait()
        return picture()

    def slow_cut(given: Picture) -> CutOut:
        if given.size.width == 3:
            together.wait()
        return cut(given)

    def slow_save(result: CutOut) -> tuple[Path, ...]:
        together.wait()
        return ()

    tasks = [
        Task("saved", lambda: Loaded(picture(), slow_save)),
        Task("cut", lambda: Loaded(picture(3), lambda _: ())),
        Task("loaded", lambda: Loaded(load(), lambda _: ())),
    ]
    assert [(each.name, each.error) for each in cut_out_all(tasks, slow_cut)] == [
        ("saved", None),
        ("cut", None),
        ("loaded", None),
    ]


def test_a_large_picture_has_the_memory_for_itself(tmp_path: Path) -> None:
    busy: set[str] = set()
    most: dict[str, int] = {}

    def load(name: str, width: int) -> Loaded:
        busy.add(name)
        return Loaded(picture(width, 5000), lambda _: done(name))

    def done(name: str) -> tuple[Path, ...]:
        busy.discard(name)
        return ()

    def watched(given: Picture) -> CutOut:
        most[f"{given.size.width}"] = len(busy)
        return CutOut(given, np.zeros((1, 1), np.float32), given.pixels, Report(*given.size, (), "none", {}))

    widths = [100, 6000, 101]
    tasks = [Task(f"{width}", partial(load, f"{width}", width)) for width in widths]
    assert names(cut_out_all(tasks, watched)) == ["100", "6000", "101"]
    assert most["6000"] == 1


@pytest.mark.parametrize("where", ["load", "cut", "save"])
@pytest.mark.parametrize("error", [NotAPictureError("bad: damaged"), OutputError("bad: in the way")])
def test_what_fails_for_one_is_told_and_the_others_go_on(where: str, error: BshmError, tmp_path: Path) -> None:
    def cutter(given: Picture) -> CutOut:
        if where == "cut" and given.size.width == 9:
            raise error
        return cut(given)

    def saver(result: CutOut) -> tuple[Path, ...]:
        if where == "save":
            raise error
        return ()

    def load() -> Loaded:
        return Loaded(failing(error)() if where == "load" else picture(9), saver)

    bad = Task("bad", load)
    first, second, third = cut_out_all([task(tmp_path, "a"), bad, task(tmp_path, "c")], cutter)
    assert (first.written, third.written) == ((tmp_path / "a",), (tmp_path / "c",))
    assert (second.name, second.error, second.written) == ("bad", error, ())


@pytest.mark.parametrize(
    ("fault", "said"), [(ZeroDivisionError(), "ZeroDivisionError"), (MemoryError(), "not enough memory")]
)
def test_a_fault_of_the_program_is_a_sentence_and_a_traceback_in_the_log(
    fault: Exception, said: str, tmp_path: Path
) -> None:
    bad, good = cut_out_all([task(tmp_path, "bad.jpg", failing(fault)), task(tmp_path, "b")], cut)
    assert bad.error is not None
    assert bad.error.exit_code == (1 if isinstance(fault, MemoryError) else 70)
    assert said in str(bad.error)
    assert str(log_file()) in str(bad.error)
    assert "Traceback" in log_file().read_text(encoding="utf-8")
    assert good.written


def test_the_cause_of_an_error_is_in_the_log(tmp_path: Path) -> None:
    def load() -> Picture:
        raise NotAPictureError("bad: damaged") from OSError("the cause")

    (outcome,) = cut_out_all([task(tmp_path, "bad", load)], cut)
    assert str(outcome.error) == "bad: damaged."
    assert "OSError: the cause" in log_file().read_text(encoding="utf-8")


@pytest.mark.parametrize("error", [UsageError("no such network"), DeviceError("no such device"), KeyboardInterrupt()])
def test_what_would_fail_for_all_ends_the_run_and_what_is_written_is_told(error: BaseException, tmp_path: Path) -> None:
    def cutter(given: Picture) -> CutOut:
        if given.size.width == 9:
            raise error
        return cut(given)

    tasks = [task(tmp_path, "a"), task(tmp_path, "b", lambda: picture(9)), task(tmp_path, "c")]
    outcomes = cut_out_all(tasks, cutter)
    assert next(outcomes).name == "a"
    if isinstance(error, BshmError):
        assert [(each.name, each.error) for each in outcomes] == [("b", error)], "c is not begun"
    else:
        with pytest.raises(type(error)):
            next(outcomes)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a"]


def test_a_stop_while_a_result_is_awaited_does_not_lose_it(tmp_path: Path) -> None:
    """A signal comes while the second picture, already cut, waits for the first to be written."""

    def slow_save(result: CutOut) -> tuple[Path, ...]:
        time.sleep(0.2)  # until the main thread is past the moment in which this writing begins
        signal.raise_signal(signal.SIGINT)  # its handler runs in the main thread, as soon as that waits
        time.sleep(0.2)
        return save(tmp_path, "a", result)

    tasks = [Task("a", lambda: Loaded(picture(), slow_save)), task(tmp_path, "b"), task(tmp_path, "c")]
    outcomes = cut_out_all(tasks, cut)
    assert next(outcomes).written == (tmp_path / "a",)
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    def full(_: CutOut) -> tuple[Path, ...]:
        raise DiskFullError("a: cannot be written")

    tasks = [Task("a", lambda: Loaded(picture(), full)), *(task(tmp_path, f"{number}") for number in range(5))]
    (outcome,) = cut_out_all(tasks, cut)
    assert (outcome.name, type(outcome.error)) == ("a", DiskFullError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [DiskFullError("a.cutout.png: cannot be written"), OutputError("a: in the way")])
def test_what_was_written_before_a_failure_is_told(error: OutputError, tmp_path: Path) -> None:
    def half(result: CutOut) -> Iterator[Path]:
        yield from save(tmp_path, "a.matte.png", result)
        raise error

    (outcome,) = cut_out_all([Task("a", lambda: Loaded(picture(), half))], cut)
    assert (outcome.written, outcome.error, outcome.report) == ((tmp_path / "a.matte.png",), error, None)


def test_a_picture_with_nothing_to_write_is_not_cut(tmp_path: Path) -> None:
    (outcome,) = cut_out_all([Task("a", lambda: None)], lambda _: pytest.fail("the networks were run"))
    assert (outcome.written, outcome.report, outcome.error) == ((), None, None)
