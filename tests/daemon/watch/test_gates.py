from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.watch.gates import Gates

A, B = Path("/a"), Path("/b")


@pytest.fixture
def gates() -> Gates:
    return Gates()


def test_all_are_open_at_first(gates: Gates) -> None:
    assert gates.open([B, A], 0.0) == [B, A]
    assert gates.next_try(0.0) is None


def test_a_closed_one_waits_and_the_others_do_not(gates: Gates) -> None:
    gates.close(A, "full", 10.0)
    assert gates.open([A, B], 10.9) == [B]
    assert gates.next_try(10.0) == 11.0
    assert gates.open([A, B], 11.0) == [A, B]


def test_one_that_may_try_is_nothing_to_wait_for(gates: Gates) -> None:
    """It may have no job left to try with: who waited for a time that has gone by would not wait at all."""
    gates.close(A, "full", 10.0)
    gates.close(B, "full", 50.0)
    assert gates.next_try(11.0) == 51.0
    assert gates.next_try(51.0) is None


def test_one_job_at_a_time_tries(gates: Gates) -> None:
    gates.close(A, "full", 0.0)
    gates.begun(A)
    assert gates.open([A], 99.0) == []
    assert gates.next_try(99.0) is None


def test_one_that_ends_for_its_own_reasons_lets_the_next_try(gates: Gates) -> None:
    gates.close(A, "full", 0.0)
    gates.begun(A)
    gates.ended(A)
    assert gates.open([A], 1.0) == [A]


def test_a_job_that_passes_opens_it_and_says_so_once(gates: Gates) -> None:
    gates.close(A, "full", 0.0)
    gates.begun(A)
    assert gates.passed(A)
    assert not gates.passed(A)
    assert gates.open([A], 0.0) == [A]


def test_the_same_reason_is_told_once_and_another_again(gates: Gates) -> None:
    assert [gates.close(A, reason, 0.0) for reason in ("full", "full", "no right", "full")] == [True, False, True, True]
    gates.passed(A)
    assert gates.close(A, "full", 0.0)
    assert gates.close(B, "full", 0.0)


def test_each_try_that_fails_doubles_the_time_to_thirty_seconds(gates: Gates) -> None:
    waits = []
    now = 0.0
    for _ in range(8):
        gates.close(A, "full", now)
        until = gates.next_try(now)
        assert until is not None
        waits.append(until - now)
        now = until
        gates.begun(A)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_several_that_were_under_way_when_it_closed_count_as_one(gates: Gates) -> None:
    for _ in range(4):
        gates.close(A, "full", 0.0)
    assert gates.next_try(0.0) == 1.0


@given(st.lists(st.sampled_from(["begun", "ended", "close", "passed"])))
def test_whatever_happened_it_opens_again_by_itself(steps: list[str]) -> None:
    gates = Gates()
    trying = False
    for each in steps:
        trying = each == "begun" or (trying and each not in ("ended", "close", "passed"))
        gates.close(A, "full", 0.0) if each == "close" else getattr(gates, each)(A)
    if trying:
        gates.ended(A)
    assert gates.open([A], 30.0) == [A]
