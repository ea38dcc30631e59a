from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.outputs import DiskFullError
from daemon.watch.publish import MissingError, TakenError
from daemon.watch.reading import ChangedError
from daemon.watch.verdicts import Fate, Verdict, pause, verdict_of
from engine.errors import (
    AccessError,
    BusyError,
    CancelledError,
    ConfigError,
    CrashError,
    DeadlineError,
    DeviceError,
    DownloadError,
    FaultError,
    LinkError,
    LostError,
    MemoryShortError,
    NotAPictureError,
    NotRunningError,
    OutputError,
    TooLargeError,
    UnreachableError,
)

ERRORS = [
    (NotAPictureError, Fate.FAIL),
    (TooLargeError, Fate.FAIL),
    (LinkError, Fate.FAIL),
    (DeadlineError, Fate.FAIL),
    (CrashError, Fate.FAIL),
    (MemoryShortError, Fate.FAIL),
    (UnreachableError, Fate.AGAIN),
    (CancelledError, Fate.AGAIN),
    (TakenError, Fate.AGAIN),
    (MissingError, Fate.AGAIN),
    (FaultError, Fate.AGAIN),
    (ZeroDivisionError, Fate.AGAIN),
    (ChangedError, Fate.SETTLE),
    (OutputError, Fate.FOLDER),
    (DiskFullError, Fate.FOLDER),
    (ConfigError, Fate.FOLDER),  # the background's file is away, say
    (NotRunningError, Fate.ENGINE),
    (LostError, Fate.ENGINE),
    (BusyError, Fate.ENGINE),
    (AccessError, Fate.ENGINE),
    (DownloadError, Fate.ENGINE),
    (DeviceError, Fate.ENGINE),
]


@pytest.mark.parametrize(("kind", "fate"), ERRORS, ids=[kind.__name__ for kind, _ in ERRORS])
def test_what_an_error_means_at_first(kind: type[Exception], fate: Fate) -> None:
    assert verdict_of(kind("what"), 1).fate is fate


@pytest.mark.parametrize("number", ["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"])
def test_a_file_that_is_not_there_was_taken_away(number: str) -> None:
    assert verdict_of(OSError(getattr(errno, number), "words"), 1) == Verdict(Fate.LEFT)


@pytest.mark.parametrize("number", ["EACCES", "EIO", "ESTALE", "EMFILE", "ENOMEM", "ETIMEDOUT"])
def test_what_the_system_says_of_a_file_may_pass_and_never_fails_a_job(number: str) -> None:
    assert verdict_of(OSError(getattr(errno, number), "words"), 1_000).fate is Fate.AGAIN


@pytest.mark.parametrize(
    ("kind", "tries"), [(UnreachableError, 7), (FaultError, 4), (ZeroDivisionError, 4), (MemoryError, 4)]
)
def test_what_may_pass_but_does_not_fails_in_the_end(kind: type[Exception], tries: int) -> None:
    assert verdict_of(kind("what"), tries - 1).fate is Fate.AGAIN
    assert verdict_of(kind("what"), tries).fate is Fate.FAIL


def test_an_address_is_tried_for_five_minutes() -> None:
    assert sum(verdict_of(UnreachableError("what"), each).seconds for each in range(1, 7)) == 315


@given(
    st.sampled_from([kind for kind, fate in ERRORS if fate in (Fate.ENGINE, Fate.FOLDER, Fate.SETTLE)]), st.integers(1)
)
def test_what_is_no_fault_of_the_picture_never_fails_it(kind: type[Exception], attempts: int) -> None:
    assert verdict_of(kind("what"), attempts).fate is not Fate.FAIL


@given(st.integers(1))
def test_a_pause_grows_to_five_minutes_and_no_further(attempts: int) -> None:
    assert 1.0 <= pause(attempts) <= pause(attempts + 1) <= 300.0
    assert pause(attempts) == min(2.0 ** min(attempts - 1, 10), 300.0)
