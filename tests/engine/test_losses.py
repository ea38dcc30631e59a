"""A lost process costs a picture one more try, alone, and then a refusal that says why."""

from __future__ import annotations

from engine.errors import CrashError, DeadlineError
from engine.losses import Fate, fate_of

HOW = "it was ended by SIGSEGV"


def test_who_stood_beside_a_late_picture_just_waits_again() -> None:
    assert fate_of("a.jpg", "bystander", 0, HOW, 120) == Fate()


def test_at_first_it_is_tried_again_alone_and_the_report_says_so() -> None:
    fate = fate_of("a.jpg", "suspect", 1, HOW, 120)
    assert fate.alone
    assert fate.refusal is None
    assert fate.note == f"Tried again, alone: the process that ran the networks had ended over it ({HOW})"


def test_a_second_time_it_is_refused() -> None:
    refusal = fate_of("a.jpg", "suspect", 2, HOW, 120).refusal
    assert isinstance(refusal, CrashError)
    assert str(refusal) == (
        "a.jpg: not cut out: the process that runs the networks ended over it twice; it was ended by SIGSEGV. "
        "Please report it, with the picture."
    )


def test_a_late_picture_is_tried_again_too() -> None:
    assert fate_of("a.jpg", "late", 1, HOW, 120).note.endswith("(it took more than 120 s)")
    refusal = fate_of("a.jpg", "late", 2, HOW, 0.5).refusal
    assert isinstance(refusal, DeadlineError)
    assert str(refusal) == "a.jpg: given up: it took more than 0.5 s, twice. Set engine.deadline higher."
