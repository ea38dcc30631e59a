from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.watch.hot_folder import Sighting, Stamp
from daemon.watch.settle import Settling, Writer

WALL = 1_700_000_000 * 10**9


def sighting(size: int = 100, *, age: float = 0.0, inode: int = 1, name: str = "a.jpg") -> Sighting:
    """A file that last changed `age` seconds before WALL."""
    changed = WALL - round(age * 1e9)
    return Sighting(name, Stamp(inode, size, changed - 5), changed)


def verdict(
    settling: Settling[str], seen: Sighting, now: float, *, wall: int | None = None, writer: Writer = "nobody"
) -> bool:
    return settling.is_complete("a", seen, now, wall, writer=writer, awaited=False)


class TestSettling:
    def test_a_new_file_is_complete_when_it_stood_still(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 10.0, WALL)
        assert settling.due(10.5) == []
        assert settling.next_due() == 11.0
        assert settling.due(11.0) == ["a"]
        assert verdict(settling, sighting(), 11.0)
        assert "a" not in settling
        assert settling.next_due() is None

    def test_an_old_file_is_complete_at_once(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(age=1.0), 10.0, WALL)
        assert settling.due(10.0) == ["a"]
        assert verdict(settling, sighting(age=1.0), 10.0, wall=WALL)

    def test_the_time_since_its_last_change_counts(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(age=0.75), 10.0, WALL)
        assert settling.next_due() == 10.25

    @pytest.mark.parametrize("wall", [None, WALL - 10**12])
    def test_times_of_another_clock_and_times_in_the_future_do_not(self, wall: int | None) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(age=100), 10.0, wall)
        assert settling.next_due() == 11.0

    def test_a_copy_that_kept_the_time_of_its_original_is_new(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", Sighting("a.jpg", Stamp(1, 100, WALL - 10**15), WALL), 10.0, WALL)
        assert settling.next_due() == 11.0

    def test_a_change_and_an_event_start_the_time_anew(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(100), 10.0, WALL)
        settling.saw("a", sighting(200), 10.5, WALL)
        assert settling.next_due() == 11.5
        settling.touched("a", 11.0)
        assert settling.next_due() == 12.0
        assert settling.due(12.0) == ["a"]
        assert not verdict(settling, sighting(300), 12.0)
        assert settling.next_due() == 13.0

    def test_seeing_it_unchanged_does_not(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 10.0, WALL)
        settling.saw("a", sighting(), 10.9, WALL)
        assert settling.next_due() == 11.0

    def test_a_file_that_is_open_for_writing_waits_and_is_looked_at_ever_more_rarely(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 0.0, WALL)
        looks = []
        while (now := settling.next_due()) is not None and now < 60:
            assert settling.due(now) == ["a"]
            assert not verdict(settling, sighting(), now, writer="somebody")
            looks.append(now)
        assert looks[:3] == [1.0, 2.0, 3.0]
        assert len(looks) < 15
        assert max(later - sooner for sooner, later in itertools.pairwise(looks)) <= 10
        settling.touched("a", 100.0)  # it was closed
        assert settling.next_due() == 101.0
        assert settling.due(101.0) == ["a"]
        assert verdict(settling, sighting(), 101.0)

    def test_a_file_whose_writer_cannot_be_known_is_complete_when_it_stood_still(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 0.0, None)
        assert verdict(settling, sighting(), 1.0, writer="unknown")

    def test_an_empty_file_is_given_thirty_seconds_and_then_taken(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(0), 0.0, WALL)
        assert not verdict(settling, sighting(0), 29.0)
        assert settling.next_due() == 30.0
        assert verdict(settling, sighting(0), 30.0)

    def test_an_empty_file_that_gets_content_settles_as_others_do(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(0), 0.0, WALL)
        settling.saw("a", sighting(100), 5.0, WALL)
        assert settling.next_due() == 6.0
        assert settling.due(6.0) == ["a"]

    def test_a_browsers_placeholder_waits_as_long_as_the_download(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(0), 0.0, WALL)
        assert not settling.is_complete("a", sighting(0), 3600.0, None, writer="nobody", awaited=True)
        assert settling.next_due() == 3610.0

    def test_a_file_with_content_waits_thirty_seconds_for_the_copy_that_may_replace_it(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 0.0, WALL)
        assert not settling.is_complete("a", sighting(), 29.0, None, writer="nobody", awaited=True)
        assert settling.is_complete("a", sighting(), 30.0, None, writer="nobody", awaited=True)

    def test_one_that_came_due_and_was_not_judged_comes_due_again_when_it_is_seen_again(self) -> None:
        """Whoever asked may have met a folder that could not be read just then."""
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 0.0, WALL)
        assert settling.due(1.0) == ["a"]
        settling.saw("a", sighting(), 30.0, WALL)
        assert settling.due(30.0) == ["a"]

    def test_one_that_has_left_is_asked_for_no_more(self) -> None:
        settling = Settling[str](1.0)
        settling.saw("a", sighting(), 0.0, WALL)
        settling.gone("a")
        settling.touched("a", 0.5)
        settling.gone("b")
        assert settling.next_due() is None
        assert (settling.due(100.0), len(settling)) == ([], 0)

    def test_twenty_thousand_files_settle_at_once_and_cheaply(self) -> None:
        settling = Settling[int](1.0)
        started = time.process_time()
        for number in range(20_000):
            settling.saw(number, sighting(inode=number), 0.0, WALL)
            settling.touched(number, 0.5)
        assert settling.due(1.0) == []
        due = settling.due(1.5)
        assert due == sorted(due) == list(range(20_000))  # in the order in which they came
        assert all(
            settling.is_complete(each, sighting(inode=each), 1.5, None, writer="nobody", awaited=False) for each in due
        )
        assert len(settling) == 0
        assert time.process_time() - started < 2


# What happens to one of two files after some time; a change gives it another size.
steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.3, 0.5, 1.0, 7.0, 31.0]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["saw", "changed", "emptied", "touched", "gone", "opened", "closed", "look"]),
    ),
    max_size=40,
)


@given(steps)
def test_a_file_is_complete_once_and_only_when_it_stood_still_and_nobody_wrote_it(
    history: list[tuple[float, str, str]],
) -> None:
    settling = Settling[str](1.0)
    now = 100.0
    sizes = {"a": 1, "b": 1}
    changed = dict.fromkeys(sizes, now)
    opened: set[str] = set()

    def look() -> None:
        for key in settling.due(now):
            writer: Writer = "somebody" if key in opened else "nobody"
            seen = sighting(sizes[key])
            if settling.is_complete(key, seen, now, None, writer=writer, awaited=False):
                assert key not in opened
                assert now - changed[key] >= (1.0 if sizes[key] else 30.0)
                assert key not in settling

    for pause, key, what in history:
        now += pause
        match what:
            case "changed" | "emptied":
                sizes[key] = sizes[key] + 1 if what == "changed" else 0
                changed[key] = now
                settling.saw(key, sighting(sizes[key]), now, None)
            case "saw":
                changed[key] = changed[key] if key in settling else now
                settling.saw(key, sighting(sizes[key]), now, None)
            case "touched":
                changed[key] = now if key in settling else changed[key]
                settling.touched(key, now)
            case "gone":
                settling.gone(key)
            case "opened":
                opened.add(key)
            case "closed":
                opened.discard(key)
            case _:
                look()
        assert set(settling.due(-1.0)) == set()
        assert (settling.next_due() is None) == (len(settling) == 0)  # nobody is forgotten
    opened.clear()
    for _ in range(20):
        now += 31.0
        look()
    assert len(settling) == 0
