"""Interactive work goes first, batch work never starves, and only so much may wait."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.errors import BusyError
from engine.queue import PRIORITIES, Bounds, Priority, Queue

ANY = some.sampled_from(PRIORITIES)


def filled(*priorities: Priority) -> Queue[tuple[Priority, int]]:
    queue: Queue[tuple[Priority, int]] = Queue()
    for number, priority in enumerate(priorities):
        queue.add((priority, number), priority)
    return queue


class TestTurns:
    def test_a_person_goes_before_a_batch_that_came_earlier(self) -> None:
        queue = filled("batch", "batch", "interactive")
        assert [queue.take(PRIORITIES) for _ in range(4)] == [("interactive", 2), ("batch", 0), ("batch", 1), None]

    def test_a_priority_without_room_waits_and_the_other_goes_on(self) -> None:
        queue = filled("interactive", "batch")
        assert queue.take(["batch"]) == ("batch", 1)
        assert queue.take(["batch"]) is None
        assert queue.take([]) is None
        assert queue.take(PRIORITIES) == ("interactive", 0)

    def test_batch_work_never_starves(self) -> None:
        """However many people come: of five turns, one is the batch's."""
        queue: Queue[str] = Queue()
        queue.add("batch", "batch")
        taken = []
        for _ in range(5):
            queue.add("interactive", "interactive")
            queue.add("interactive", "interactive")
            taken.append(queue.take(PRIORITIES))
        assert taken == ["interactive"] * 4 + ["batch"]

    def test_turns_of_people_count_only_while_a_batch_waits(self) -> None:
        nine: list[Priority] = ["interactive"] * 9
        queue = filled(*nine)
        for _ in range(8):
            queue.take(PRIORITIES)
        queue.add(("batch", 9), "batch")
        assert queue.take(PRIORITIES) == ("interactive", 8)

    def test_what_is_sent_back_is_next(self) -> None:
        queue = filled("batch", "batch")
        first = queue.take(PRIORITIES)
        assert first
        queue.add_again(first, "batch")
        assert queue.take(PRIORITIES) == first

    @given(some.lists(some.one_of(ANY, some.none())))
    def test_nothing_is_lost_and_each_priority_keeps_its_order(self, story: list[Priority | None]) -> None:
        """None: somebody is taken."""
        queue: Queue[tuple[Priority, int]] = Queue()
        numbers, added, taken = count(), [], []
        for event in story:
            if event:
                added.append((event, next(numbers)))
                queue.add(added[-1], event)
            elif item := queue.take(PRIORITIES):
                taken.append(item)
        assert len(queue) == len(added) - len(taken)
        while item := queue.take(PRIORITIES):
            taken.append(item)
        assert sorted(taken) == sorted(added)
        for priority in PRIORITIES:
            assert [each for each in taken if each[0] == priority] == [each for each in added if each[0] == priority]


class TestLookingOn:
    def test_people_stand_before_batches(self) -> None:
        assert list(filled("batch", "interactive", "batch")) == [("interactive", 1), ("batch", 0), ("batch", 2)]

    def test_each_priority_is_counted(self) -> None:
        queue = filled("batch", "interactive", "batch")
        assert (len(queue), queue.waiting("interactive"), queue.waiting("batch")) == (3, 1, 2)

    def test_who_leaves_frees_the_place(self) -> None:
        queue = filled("batch", "batch")
        assert queue.remove(("batch", 0), "batch")
        assert not queue.remove(("batch", 0), "batch")
        assert list(queue) == [("batch", 1)]


class TestBounds:
    def test_one_picture_too_many_is_told_when_to_come_again(self) -> None:
        bounds = Bounds(2, 1000)
        bounds.open(7)
        bounds.open(7)
        with pytest.raises(BusyError, match=r"queue is full: 2 pictures are in it\. Try again in 7 s") as full:
            bounds.open(7)
        assert full.value.retry_after == 7
        assert bounds.pictures == 2

    def test_bytes_are_bounded_too(self) -> None:
        bounds = Bounds(10, 1_000_000)
        bounds.reserve(600_000, 1)
        with pytest.raises(BusyError, match="its pictures take 1 MB, and this one takes 0 MB more"):
            bounds.reserve(400_001, 1)
        bounds.reserve(400_000, 1)
        assert bounds.bytes == 1_000_000

    def test_a_file_larger_than_all_has_room_in_an_empty_queue(self) -> None:
        """Else it could never be worked on; how large a file may be is a limit of its own."""
        bounds = Bounds(10, 100)
        bounds.reserve(5000, 1)
        assert bounds.bytes == 5000

    def test_what_is_closed_makes_room(self) -> None:
        bounds = Bounds(1, 100)
        bounds.open(1)
        bounds.reserve(100, 1)
        bounds.close(100)
        bounds.open(1)
        bounds.reserve(100, 1)

    def test_bytes_that_are_there_already_are_counted_and_never_refused(self) -> None:
        bounds = Bounds(10, 100)
        bounds.open(1)
        bounds.reserve(90, 1)
        bounds.add(500)
        assert bounds.bytes == 590
        with pytest.raises(BusyError):
            bounds.reserve(1, 1)
        bounds.close(590)
        bounds.reserve(100, 1)
