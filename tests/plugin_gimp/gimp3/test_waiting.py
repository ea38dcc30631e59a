"""Work on a second thread while the first one tells how far it is."""

from __future__ import annotations

import threading
import time

import pytest
from bshm_cut_out.waiting import while_telling


def test_the_result_comes_back_and_the_first_thread_told_of_it() -> None:
    told: list[threading.Thread] = []
    over = threading.Event()

    def tell() -> None:
        told.append(threading.current_thread())
        if len(told) == 3:
            over.set()

    assert while_telling(lambda: over.wait(10), tell, give_up=over.set)
    assert set(told) == {threading.current_thread()}


def test_its_error_is_raised_where_it_is_waited_for() -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        while_telling(work, tell=lambda: None, give_up=lambda: None)


def test_who_cannot_tell_any_more_ends_the_work() -> None:
    ended = threading.Event()

    def tell() -> None:
        raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        while_telling(lambda: ended.wait(10), tell, give_up=ended.set)
    assert time.monotonic() - began < 5
