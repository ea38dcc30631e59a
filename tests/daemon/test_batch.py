"""The order, the overlap and the failures of a run. The steps here are small real ones; tests/daemon/commands/
test_cutout.py has the networks, test_cutout_resident.py the engine."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from daemon.batch import Begun, Loaded, Outcome, Task, cut_out_all
from daemon.log import log_file
from daemon.outputs import DiskFullError
from daemon.results import Results
from engine.errors import BshmError, DeviceError, EngineError, NotAPictureError, OutputError, UsageError
from engine.types import Size

BAD, LARGE = b"bad", b"large"


def results(width: int = 2, height: int = 1) -> Results:
    return Results({"width": width, "height": height, "warnings": ["Nobody."]}, lambda want: want.encode())


def fine(_: bytes) -> Results:
    return results()


@dataclass(frozen=True)
class Small:
    """A cutter whose steps are functions of a picture's bytes. begin: ahead of the turn, finish: in it."""

    finish: Callable[[bytes], Results] = fine
    at_begin: Callable[[bytes], object] = len
    ahead: int = 1

    def begin(self, loaded: Loaded) -> Begun:
        self.at_begin(loaded.data)
        return Begun(partial(self.finish, loaded.data), large=loaded.data == LARGE)


def save(folder: Path, name: str, result: Results) -> tuple[Path, ...]:
    path = folder / name
    path.write_bytes(result.file("cutout"))
    return (path,)


def nothing(_: Results) -> Iterable[Path]:
    return ()


def loaded(data: bytes, save: Callable[[Results], Iterable[Path]] = nothing) -> Loaded:
    return Loaded(data, "name", ("cutout",), save)


def task(folder: Path, name: str, data: bytes = b"good") -> Task:
    return Task(name, lambda: loaded(data, partial(save, folder, name)))


def failing(error: BaseException) -> Callable[[bytes], Results]:
    """Raises it for the bad one."""

    def step(data: bytes) -> Results:
        if data == BAD:
            raise error
        return results()

    return step


def names(outcomes: Iterator[Outcome]) -> list[str]:
    return [each.name for each in outcomes]


@pytest.mark.parametrize("ahead", [1, 3, 20])
def test_outcomes_come_in_the_order_of_the_tasks(ahead: int, tmp_path: Path) -> None:
    """Also where those that are begun later are ready earlier."""
    given = [f"{number}.png" for number in range(7)]
    tasks = [task(tmp_path, name, bytes([number])) for number, name in enumerate(given)]
    outcomes = list(cut_out_all(tasks, Small(at_begin=lambda data: time.sleep(0.02 * (7 - data[0])), ahead=ahead)))
    assert [each.name for each in outcomes] == given
    assert [each.written for each in outcomes] == [(tmp_path / name,) for name in given]
    assert all(each.report and not each.error for each in outcomes)


def test_nothing_to_do_is_done() -> None:
    assert list(cut_out_all([], Small())) == []


def test_the_next_is_read_and_the_last_is_written_beside_the_networks() -> None:
    """Each of three steps waits for the two others to have begun: in turn they would never end."""
    together = threading.Barrier(3, timeout=20)

    def wait(*_: object) -> tuple[Path, ...]:
        together.wait()
        return ()

    def finish(data: bytes) -> Results:
        if data == b"cut":
            together.wait()
        return results()

    tasks = [
        Task("saved", lambda: loaded(b"", wait)),
        Task("cut", lambda: loaded(b"cut")),
        Task("begun", lambda: loaded(b"begun")),
    ]
    cutter = Small(finish, lambda data: data == b"begun" and together.wait())
    assert [(each.name, each.error) for each in cut_out_all(tasks, cutter)] == [
        ("saved", None),
        ("cut", None),
        ("begun", None),
    ]


def test_as_many_are_begun_ahead_as_the_cutter_says(tmp_path: Path) -> None:
    under_way: set[bytes] = set()
    most = 0

    def begin(data: bytes) -> None:
        nonlocal most
        under_way.add(data)
        most = max(most, len(under_way))
        time.sleep(0.05)
        under_way.discard(data)

    tasks = [task(tmp_path, f"{number}", bytes([number])) for number in range(12)]
    assert len(list(cut_out_all(tasks, Small(at_begin=begin, ahead=4)))) == 12
    assert most == 4


def test_a_large_picture_has_the_memory_for_itself() -> None:
    busy: set[str] = set()
    beside: dict[bytes, int] = {}

    def load(name: str, data: bytes) -> Loaded:
        busy.add(name)
        return loaded(data, lambda _: done(name))

    def done(name: str) -> tuple[Path, ...]:
        busy.discard(name)
        return ()

    def watched(data: bytes) -> Results:
        beside[data] = len(busy)
        return results()

    given = [b"small", LARGE, b"small too"]
    tasks = [Task(data.decode(), partial(load, data.decode(), data)) for data in given]
    assert names(cut_out_all(tasks, Small(watched))) == ["small", "large", "small too"]
    assert beside[LARGE] == 1


@pytest.mark.parametrize("where", ["load", "begin", "finish", "save"])
@pytest.mark.parametrize("error", [NotAPictureError("bad: damaged"), OutputError("bad: in the way")])
def test_what_fails_for_one_is_told_and_the_others_go_on(where: str, error: BshmError, tmp_path: Path) -> None:
    def bad_save(_: Results) -> tuple[Path, ...]:
        raise error

    def load() -> Loaded:
        if where == "load":
            raise error
        return loaded(BAD, bad_save if where == "save" else nothing)

    cutter = Small(failing(error) if where == "finish" else fine, failing(error) if where == "begin" else fine)
    first, second, third = cut_out_all([task(tmp_path, "a"), Task("bad", load), task(tmp_path, "c")], cutter)
    assert (first.written, third.written) == ((tmp_path / "a",), (tmp_path / "c",))
    assert (second.name, second.error, second.written) == ("bad", error, ())


@pytest.mark.parametrize(
    ("fault", "said"), [(ZeroDivisionError(), "ZeroDivisionError"), (MemoryError(), "not enough memory")]
)
def test_a_fault_of_the_program_is_a_sentence_and_a_traceback_in_the_log(
    fault: Exception, said: str, tmp_path: Path
) -> None:
    bad, good = cut_out_all([task(tmp_path, "bad.jpg", BAD), task(tmp_path, "b")], Small(at_begin=failing(fault)))
    assert bad.error is not None
    assert bad.error.exit_code == (1 if isinstance(fault, MemoryError) else 70)
    assert said in str(bad.error)
    assert str(log_file()) in str(bad.error)
    assert "Traceback" in log_file().read_text(encoding="utf-8")
    assert good.written


def test_the_cause_of_an_error_is_in_the_log() -> None:
    def load() -> Loaded:
        raise NotAPictureError("bad: damaged") from OSError("the cause")

    (outcome,) = cut_out_all([Task("bad", load)], Small())
    assert str(outcome.error) == "bad: damaged."
    assert "OSError: the cause" in log_file().read_text(encoding="utf-8")


@pytest.mark.parametrize("where", ["begin", "finish"])
@pytest.mark.parametrize(
    "error",
    [UsageError("no such network"), DeviceError("no such device"), EngineError("no engine"), KeyboardInterrupt()],
)
def test_what_would_fail_for_all_ends_the_run_and_what_is_written_is_told(
    error: BaseException, where: str, tmp_path: Path
) -> None:
    tasks = [task(tmp_path, "a"), task(tmp_path, "b", BAD), task(tmp_path, "c")]
    step = failing(error)
    outcomes = cut_out_all(tasks, Small(finish=step) if where == "finish" else Small(at_begin=step))
    assert next(outcomes).name == "a"
    if isinstance(error, BshmError):
        assert [(each.name, each.error) for each in outcomes] == [("b", error)], "c is not begun"
    else:
        with pytest.raises(type(error)):
            next(outcomes)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a"]


def test_a_stop_while_a_result_is_awaited_does_not_lose_it(tmp_path: Path) -> None:
    """A signal comes while the second picture, already cut, waits for the first to be written."""

    def slow_save(result: Results) -> tuple[Path, ...]:
        time.sleep(0.2)  # until the main thread is past the moment in which this writing begins
        signal.raise_signal(signal.SIGINT)  # its handler runs in the main thread, as soon as that waits
        time.sleep(0.2)
        return save(tmp_path, "a", result)

    tasks = [Task("a", lambda: loaded(b"", slow_save)), task(tmp_path, "b"), task(tmp_path, "c")]
    outcomes = cut_out_all(tasks, Small())
    assert next(outcomes).written == (tmp_path / "a",)
    with pytest.raises(KeyboardInterrupt):
        next(outcomes)


@pytest.mark.parametrize("ahead", [1, 3])
def test_a_full_disk_ends_the_run(ahead: int, tmp_path: Path) -> None:
    def full(_: Results) -> tuple[Path, ...]:
        raise DiskFullError("a: cannot be written")

    tasks = [Task("a", lambda: loaded(b"", full)), *(task(tmp_path, f"{number}") for number in range(5))]
    (outcome,) = cut_out_all(tasks, Small(ahead=ahead))
    assert (outcome.name, type(outcome.error)) == ("a", DiskFullError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [DiskFullError("a.cutout.png: cannot be written"), OutputError("a: in the way")])
def test_what_was_written_before_a_failure_is_told(error: OutputError, tmp_path: Path) -> None:
    def half(result: Results) -> Iterator[Path]:
        yield from save(tmp_path, "a.matte.png", result)
        raise error

    (outcome,) = cut_out_all([Task("a", lambda: loaded(b"", half))], Small())
    assert (outcome.written, outcome.error, outcome.report) == ((tmp_path / "a.matte.png",), error, None)


def test_a_picture_with_nothing_to_write_is_not_cut() -> None:
    cutter = Small(at_begin=lambda _: pytest.fail("the networks were run"))
    (outcome,) = cut_out_all([Task("a", lambda: None)], cutter)
    assert (outcome.written, outcome.report, outcome.error) == ((), None, None)


def test_a_warning_about_the_pictures_size_comes_first_also_in_the_report() -> None:
    written: list[Results] = []

    def keep(result: Results) -> tuple[Path, ...]:
        written.append(result)
        return ()

    def small(size: Size) -> str:
        return f"Only {size.width} x {size.height}."

    (outcome,) = cut_out_all([Task("a", lambda: Loaded(b"", "a", ("matte",), keep, small))], Small())
    assert outcome.report == {"width": 2, "height": 1, "warnings": ["Only 2 x 1.", "Nobody."]}
    assert [each.report for each in written] == [outcome.report]
