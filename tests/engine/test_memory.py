"""The memory budget: what it is, that the kernel holds to it, and the row of those that wait for their part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import CancelledError, TooLargeError
from engine.memory import WORKER_ENVIRONMENT, Budget, budget_bytes, group_limit
from engine.settings import Memory, Settings
from engine.work import Work

NO_LIMIT = 2**63


def group_files(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
    return folder


class TestBudgetBytes:
    def test_the_settings_say_it_in_mb(self) -> None:
        assert budget_bytes(Settings(memory=Memory(megabytes=2000))) == 2_000_000_000

    def test_else_it_is_half_of_what_there_is(self) -> None:
        assert budget_bytes(Settings()) == min(psutil.virtual_memory().total, group_limit()) // 2

    @pytest.mark.parametrize(
        ("groups", "files", "limit"),
        [
            ("0::/user/app\n", {"user/app/memory.max": "1000\n", "user/memory.max": "max\n"}, 1000),
            ("0::/user/app\n", {"user/app/memory.max": "max\n", "user/memory.max": "500\n"}, 500),
            ("0::/user/app\n", {"user/app/memory.max": "1000\n", "user/memory.max": "500\n"}, 500),
            ("0::/\n", {"memory.max": "700\n"}, 700),
            ("0::/../gone\n", {"memory.max": "700\n"}, 700),
            ("0::/not/seen/from/here\n", {"memory.max": "700\n"}, 700),
            ("0::/a\n", {"a/memory.max": "max\n"}, NO_LIMIT),
            ("0::/a\n", {}, NO_LIMIT),
            ("4:memory:/a\n3:cpu,cpuacct:/b\n0::/\n", {"memory/a/memory.limit_in_bytes": "900\n"}, 900),
            ("4:cpu,memory:/a\n", {"memory/memory.limit_in_bytes": "900\n"}, 900),
            ("3:cpu:/a\n", {"memory/a/memory.limit_in_bytes": "900\n"}, NO_LIMIT),
            ("", {}, NO_LIMIT),
        ],
    )
    def test_a_groups_limit_counts_and_that_of_those_around_it(
        self, tmp_path: Path, groups: str, files: dict[str, str], limit: int
    ) -> None:
        root = group_files(tmp_path / "cgroup", files)
        own = tmp_path / "own"
        own.write_text(groups, encoding="ascii")
        assert group_limit(own, root) == limit

    def test_a_system_without_groups_has_no_limit(self, tmp_path: Path) -> None:
        assert group_limit(tmp_path / "none", tmp_path) == NO_LIMIT


ENFORCED = """
import json, sys, threading
import numpy as np, psutil
from engine.memory import enforce
megabytes = int(sys.argv[1])
enforce(megabytes * 1_000_000)
held, refused = [], False
while not refused and len(held) < 2 * megabytes:
    try:
        held.append(np.ones(1_000_000, np.uint8))
    except MemoryError:
        refused = True
taken = psutil.Process().memory_info().rss
held.clear()
threads = [threading.Thread(target=np.ones, args=(1000,)) for _ in range(24)]
for each in threads: each.start()
for each in threads: each.join()
np.ones(megabytes * 500_000, np.uint8)
print(json.dumps([refused, taken]))
"""


@pytest.mark.parametrize("megabytes", [300, 600])
def test_the_kernel_holds_the_process_to_it_and_lets_it_live(megabytes: int) -> None:
    environment = {**os.environ, **WORKER_ENVIRONMENT}
    ran = subprocess.run(
        [sys.executable, "-c", ENFORCED, str(megabytes)], env=environment, capture_output=True, text=True, check=True
    )
    refused, taken = json.loads(ran.stdout)
    stacks = 32 * 8 * 2**20  # of threads that may yet begin
    assert refused
    assert 0.95 * megabytes * 1e6 < taken < 1.1 * megabytes * 1e6 + stacks


class TestBudget:
    def test_one_that_is_larger_than_all_of_it_is_refused_with_both_figures(self) -> None:
        with pytest.raises(TooLargeError) as refused, Budget(500_000_000).reserve(800_000_000, "a.png", Work()):
            pass
        assert str(refused.value) == (
            "a.png: it would take about 800 MB of memory: pictures may take 500 MB. "
            "Raise memory.megabytes in the config, or make the picture smaller."
        )

    def test_it_is_given_back_also_after_an_error(self) -> None:
        budget = Budget(10)
        with pytest.raises(ValueError, match="trouble"), budget.reserve(10, "a", Work()):
            raise ValueError("trouble")
        with budget.reserve(10, "b", Work()):
            pass

    def test_who_waits_goes_in_the_order_of_coming_and_people_who_wait_before(self) -> None:
        budget, order = Budget(10), list[str]()

        def take(name: str, urgent: bool) -> None:
            with budget.reserve(8, name, Work(urgent=urgent)):
                order.append(name)

        with ThreadPoolExecutor(4) as threads, budget.reserve(8, "first", Work()):
            for count, (name, urgent) in enumerate([("a", False), ("b", False), ("c", True), ("d", True)], 1):
                threads.submit(take, name, urgent)
                until_waiting(budget, count)
        assert order == ["c", "d", "a", "b"]

    def test_a_small_one_does_not_slip_past_a_large_one(self) -> None:
        """Else the large one might wait for ever."""
        budget, order = Budget(10), list[str]()

        def take(name: str, need: int) -> None:
            with budget.reserve(need, name, Work()):
                order.append(name)

        with ThreadPoolExecutor(2) as threads, budget.reserve(5, "first", Work()):
            threads.submit(take, "large", 9)
            until_waiting(budget, 1)
            threads.submit(take, "small", 2)
            until_waiting(budget, 2)
            time.sleep(0.05)
            assert order == []
        assert order == ["large", "small"]

    def test_none_waits_for_ever_while_people_keep_coming(self) -> None:
        budget, done = Budget(10), threading.Event()
        gone = 0

        def patient() -> None:
            with budget.reserve(10, "patient", Work()):
                done.set()

        def people() -> None:
            nonlocal gone
            while not done.is_set() and gone < 1000:
                with budget.reserve(10, "person", Work(urgent=True)):
                    gone += 1

        with ThreadPoolExecutor(4) as threads, budget.reserve(10, "first", Work()):
            threads.submit(patient)
            until_waiting(budget, 1)
            for count in (2, 3, 4):
                threads.submit(people)
                until_waiting(budget, count)
        assert done.is_set()
        assert gone < 50

    def test_one_that_is_cancelled_while_it_waits_leaves_the_row(self) -> None:
        budget = Budget(10)

        def cancelled(stage: str, progress: float) -> None:
            raise CancelledError(f"cancelled at {stage}")

        with budget.reserve(10, "first", Work()):
            waiting = budget.reserve(1, "second", Work(reached=cancelled))
            with pytest.raises(CancelledError, match="cancelled at memory"), waiting:
                pass
            assert budget._waiting == []
        with budget.reserve(10, "third", Work()):
            pass

    @settings(max_examples=25)
    @given(st.lists(st.tuples(st.integers(1, 10), st.booleans()), min_size=1, max_size=30))
    def test_never_more_than_all_of_it_is_held_and_everybody_gets_a_turn(self, wanted: list[tuple[int, bool]]) -> None:
        budget, lock = Budget(10), threading.Lock()
        held = most = turns = 0

        def take(need: int, urgent: bool) -> None:
            nonlocal held, most, turns
            with budget.reserve(need, "picture", Work(urgent=urgent)):
                with lock:
                    held += need
                    most = max(most, held)
                    turns += 1
                time.sleep(0)
                with lock:
                    held -= need

        with ThreadPoolExecutor(6) as threads:
            for each in [threads.submit(take, *one) for one in wanted]:
                each.result(30)
        assert most <= 10
        assert turns == len(wanted)


def until_waiting(budget: Budget, count: int) -> None:
    end = time.monotonic() + 30
    while len(budget._waiting) < count:
        assert time.monotonic() < end
        time.sleep(0.001)
