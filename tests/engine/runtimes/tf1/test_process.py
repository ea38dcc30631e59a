"""The process at work: what it gives, what it has of the one that started it, and what it has not."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.errors import NetworkError
from engine.runtimes.tf1.failures import Tf1LostError
from engine.runtimes.tf1.process import Tf1Process
from tests.engine.runtimes.tf1.pictures import FAILS, LOOPS, SECONDS, noise, until

Start = Callable[..., Tf1Process]


def test_the_alpha_of_a_picture_comes_back(red: Tf1Process) -> None:
    picture = noise(30, 20)
    alpha = red.alpha(picture, SECONDS)
    assert alpha.dtype == np.uint8
    assert np.array_equal(alpha, picture[..., 0])


def test_pictures_may_change_their_size(red: Tf1Process) -> None:
    for height, width in ((1, 1), (200, 300), (3, 1000), (2, 1500), (1000, 1), (200, 300)):
        picture = noise(height, width)
        assert np.array_equal(red.alpha(picture, SECONDS), picture[..., 0])


def test_a_picture_need_not_lie_in_one_piece(red: Tf1Process) -> None:
    picture = noise(60, 40)[::-2, ::2]
    assert np.array_equal(red.alpha(picture, SECONDS), picture[..., 0])


def test_an_alpha_is_its_callers_own(red: Tf1Process) -> None:
    first = red.alpha(noise(20, 30, seed=1), SECONDS)
    red.alpha(noise(20, 30, seed=2), SECONDS)
    assert np.array_equal(first, noise(20, 30, seed=1)[..., 0])


def test_the_time_that_tensorflow_took_is_told(red: Tf1Process) -> None:
    begun = time.perf_counter()
    red.alpha(noise(LOOPS, 3), SECONDS)
    assert 0.01 < red.seconds < time.perf_counter() - begun


def test_the_version_and_the_device_are_said(red: Tf1Process) -> None:
    assert red.version == "1.15.5"
    assert red.device == "CPU, TensorFlow 1.15.5"


def test_the_shared_memory_is_as_large_as_the_picture_at_hand(red: Tf1Process) -> None:
    for side in (100, 700, 10):
        red.alpha(noise(side, side), SECONDS)
        assert shared_files(red.pid) == [4 * side * side]


def shared_files(pid: int) -> list[int]:
    """Their sizes in bytes. (Python's mmap has a descriptor of its own for the same file.)"""
    names = [each for each in Path(f"/proc/{pid}/fd").iterdir() if "memfd:bshm" in str(each.readlink())]
    return list({each.stat().st_ino: each.stat().st_size for each in names}.values())


def test_threads_take_turns_and_each_has_its_own_alpha(red: Tf1Process) -> None:
    pictures = [noise(40 + index, 60 - index, seed=index) for index in range(20)]
    with ThreadPoolExecutor(5) as pool:
        alphas = list(pool.map(lambda picture: red.alpha(picture, SECONDS), pictures))
    assert all(np.array_equal(alpha, picture[..., 0]) for alpha, picture in zip(alphas, pictures, strict=True))


def test_a_picture_that_the_graph_fails_on_is_told_and_the_next_one_goes_on(red: Tf1Process) -> None:
    with pytest.raises(NetworkError, match=r"red\.pb: the network failed on 5 x 11 pixels: assertion failed") as caught:
        red.alpha(noise(FAILS, 5), SECONDS)
    assert "\n" not in str(caught.value)
    assert red.alpha(noise(12, 5), SECONDS).shape == (12, 5)


def test_signals_to_a_terminals_or_a_services_processes_leave_it_alone(red: Tf1Process) -> None:
    assert os.getsid(red.pid) == red.pid
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(red.pid, each)
    assert red.alpha(noise(20, 20), SECONDS).shape == (20, 20)


def test_it_has_none_of_our_descriptors(start_red: Start) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.set_inheritable(True)
        process = start_red()
        seen = {each.stat().st_ino for each in Path(f"/proc/{process.pid}/fd").iterdir() if each.exists()}
        assert seen & {os.fstat(each.fileno()).st_ino for each in (ours, theirs)} == set()


def test_our_python_and_our_folders_are_nothing_to_it(
    start_red: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("numpy", "tensorflow", "json", "sitecustomize", "usercustomize"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    monkeypatch.setenv("PYTHONUSERBASE", str(tmp_path))
    assert start_red().alpha(noise(20, 20), SECONDS).shape == (20, 20)


def test_the_graphs_name_may_be_any_bytes(start: Start, graphs: Path, tmp_path: Path) -> None:
    name = tmp_path / os.fsdecode(b"\xff \xe7\xbd\x91\n.pb")
    shutil.copy(graphs / "red.pb", name)
    assert start(name).alpha(noise(20, 20), SECONDS).shape == (20, 20)


def test_a_relative_name_is_one_of_our_own_folder(start: Start, graphs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(graphs)
    assert start(Path("red.pb")).alpha(noise(20, 20), SECONDS).shape == (20, 20)


def test_closing_ends_the_process_and_who_asks_later_is_told(start_red: Start) -> None:
    process = start_red()
    found = psutil.Process(process.pid)
    process.close()
    assert not found.is_running()
    assert not process.alive
    with pytest.raises(Tf1LostError, match="has been ended"):
        process.alpha(noise(20, 20), SECONDS)
    process.close()


def test_a_process_that_nobody_has_any_more_ends(tensorflow_1: Path, graphs: Path) -> None:
    gc.collect()  # what earlier tests have left
    before = descriptors()
    forgotten = Tf1Process(tensorflow_1, graphs / "red.pb", device="cpu", fraction=0.9, growth=True)
    forgotten.alpha(noise(20, 20), SECONDS)
    found = psutil.Process(forgotten.pid)
    del forgotten
    gc.collect()
    until(lambda: not found.is_running())
    assert descriptors() == before


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_processors_threads_can_be_limited(start_red: Start) -> None:
    def threads(limit: int) -> int:
        process = start_red(threads=limit)
        process.alpha(noise(500, 500), SECONDS)
        return psutil.Process(process.pid).num_threads()

    assert threads(9) - threads(1) >= 8
