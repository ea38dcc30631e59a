from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path

import pytest

from daemon.watch import intake
from daemon.watch.filesystem import filesystem_of
from daemon.watch.hints import Hint, Hints
from daemon.watch.hot_folder import HotFolder
from daemon.watch.intake import Intake
from daemon.watch.job import State
from daemon.watch.ledger import Ledger
from engine.settings import Watching as WatchSettings
from tests.daemon.watch.hot import file, hot_folder, reachable_folder, with_rights
from tests.daemon.watch.jobs import took
from tests.daemon.watch.working import Listed
from tests.engine.server.live import until

SETTINGS = WatchSettings(settle=0.05, scan=0.2)
SELDOM = WatchSettings(settle=0.05, scan=3600)


@dataclass
class Seeing:
    """An intake of this folder and all it needs. woken: how often there was something new."""

    folder: HotFolder
    ledger: Ledger
    display: Listed = field(default_factory=Listed)
    woken: int = 0

    @contextmanager
    def run(self, settings: WatchSettings = SETTINGS) -> Iterator[Intake]:
        hints = Hints(lambda hint: one.put(hint))
        hints.start()
        one = Intake(self.folder, settings, self.ledger, hints, self.display, self._wake)
        one.start()
        try:
            yield one
        finally:
            one.stop()
            one.join(10)
            hints.stop()
            assert not one.is_alive()

    def _wake(self) -> None:
        self.woken += 1

    def known(self) -> dict[str, State]:
        return {name: each.state for name, each in self.ledger.known(self.folder.watch).items()}

    def until(self, *names: str) -> None:
        """Waits until these files are known, and no others."""
        until(lambda: set(self.known()) == set(names), 10)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_AWAY", 0.2)
    monkeypatch.setattr(intake, "_OFTEN", 0.2)


@pytest.fixture
def seeing(tmp_path: Path) -> Iterator[Seeing]:
    (tmp_path / "in").mkdir()
    with closing(Ledger(tmp_path / "state" / "ledger")) as ledger:
        yield Seeing(hot_folder(tmp_path / "in"), ledger)


@pytest.mark.parametrize("observer", ["auto", "polling"])
def test_what_lies_there_and_what_comes_goes_into_the_ledger(seeing: Seeing, observer: str) -> None:
    seeing.folder = changed(seeing.folder, observer=observer)
    strange = os.fsdecode(b"sub/\xff.jpg")
    file(seeing.folder, strange)
    file(seeing.folder, "notes.txt")
    with seeing.run() as one:
        seeing.until(strange)
        until(lambda: one.is_settled)
        file(seeing.folder, "deep/new.jpg")
        seeing.until(strange, "deep/new.jpg")
    assert seeing.woken == 2
    assert {each.filesystem for each in seeing.ledger.jobs()} == {filesystem_of(seeing.folder.watch).identity}


def test_events_are_enough_between_two_scans(seeing: Seeing) -> None:
    with seeing.run(SELDOM) as one:
        until(lambda: one.is_settled)
        file(seeing.folder, "sub/a.jpg")
        seeing.until("sub/a.jpg")
        (seeing.folder.watch / "sub").rename(seeing.folder.watch / "other")
        seeing.until("other/a.jpg")
        (seeing.folder.watch / "other/a.jpg").unlink()
        seeing.until()


def test_a_file_is_taken_down_once_however_often_it_is_seen(seeing: Seeing) -> None:
    file(seeing.folder, "a.jpg")
    with seeing.run() as one:
        seeing.until("a.jpg")
        for _ in range(5):
            one.look("a.jpg")
            one.put(Hint(seeing.folder, "", "all"))
        until(lambda: one.is_settled)
    with seeing.run() as one:  # and again after a restart
        until(lambda: one.is_settled)
    assert len(seeing.ledger.jobs()) == 1
    assert seeing.woken == 1


def test_a_file_that_changed_is_taken_down_again(seeing: Seeing) -> None:
    path = file(seeing.folder, "a.jpg")
    with seeing.run():
        seeing.until("a.jpg")
        seeing.ledger.change(took(seeing.ledger, seeing.folder.watch, time.time()).id, state=State.DONE)
        path.write_bytes(b"a longer photo")
        until(lambda: seeing.known() == {"a.jpg": State.WAITING}, 10)
    assert [each.present for each in seeing.ledger.jobs()] == [False, True]


def test_a_file_that_grows_is_not_taken_before_it_stands_still(seeing: Seeing) -> None:
    with seeing.run(), (seeing.folder.watch / "a.jpg").open("wb", buffering=0) as stream:
        for _ in range(20):
            stream.write(b"more")
            time.sleep(0.01)
        assert seeing.known() == {}
        stream.close()
        seeing.until("a.jpg")
    assert seeing.ledger.jobs()[0].stamp.size == 80


def test_times_and_numbers_of_any_size_hold_nobody_up(seeing: Seeing) -> None:
    """A camera without a clock, or from the year 2400."""
    for name, year in (("old.jpg", -60), ("future.jpg", 430)):
        when = year * 365 * 86_400 * 10**9
        os.utime(file(seeing.folder, name), ns=(when, when))
    file(seeing.folder, "now.jpg")
    with seeing.run():
        seeing.until("old.jpg", "future.jpg", "now.jpg")
    assert seeing.display.warnings == []


def test_many_files_wake_the_pool_while_the_rest_is_scanned(seeing: Seeing) -> None:
    names = [f"{number}.jpg" for number in range(450)]
    for each in names:
        path = file(seeing.folder, each)
        os.utime(path, ns=(1, 1))
    time.sleep(SETTINGS.settle)
    with seeing.run():
        seeing.until(*names)
    assert seeing.woken >= 3


def test_what_left_is_gone_and_may_come_again(seeing: Seeing) -> None:
    path = file(seeing.folder, "a.jpg")
    file(seeing.folder, "b.jpg")
    with seeing.run():
        seeing.until("a.jpg", "b.jpg")
        path.rename(path.with_name("moved.txt"))
        seeing.until("b.jpg")
        path.with_name("moved.txt").rename(path)
        seeing.until("a.jpg", "b.jpg")
    assert sorted((each.name, each.state) for each in seeing.ledger.jobs()) == [
        ("a.jpg", State.LEFT),
        ("a.jpg", State.WAITING),
        ("b.jpg", State.WAITING),
    ]


def test_what_left_while_nobody_watched_is_gone_after_the_first_scan(seeing: Seeing) -> None:
    for name in ("a.jpg", "sub/b.jpg", "sub/c.jpg"):
        file(seeing.folder, name)
    with seeing.run():
        seeing.until("a.jpg", "sub/b.jpg", "sub/c.jpg")
    (seeing.folder.watch / "a.jpg").unlink()
    (seeing.folder.watch / "sub/b.jpg").unlink()
    with seeing.run():
        seeing.until("sub/c.jpg")


def test_nothing_is_gone_that_was_seen_on_another_file_system(seeing: Seeing) -> None:
    """An empty folder may be the place where a disk is to be mounted."""
    for name in ("a.jpg", "b.jpg"):
        file(seeing.folder, name)
    with seeing.run():
        seeing.until("a.jpg", "b.jpg")
    seeing.ledger.seen_on(seeing.folder.watch, "ext4 uuid=that-disk /", ["a.jpg"])
    for name in ("a.jpg", "b.jpg"):
        (seeing.folder.watch / name).unlink()
    with seeing.run() as one:
        seeing.until("a.jpg")
        until(lambda: one._scans > 2, 10)
    assert set(seeing.known()) == {"a.jpg"}


def test_an_unchanged_file_that_lies_on_another_file_system_now_is_no_news(seeing: Seeing) -> None:
    file(seeing.folder, "a.jpg")
    with seeing.run():
        seeing.until("a.jpg")
    seeing.ledger.seen_on(seeing.folder.watch, "old disk", ["a.jpg"])
    here = filesystem_of(seeing.folder.watch).identity
    with seeing.run():
        until(lambda: seeing.ledger.known(seeing.folder.watch)["a.jpg"].filesystem == here, 10)
    assert len(seeing.ledger.jobs()) == 1


def test_a_folder_that_is_away_is_told_once_and_its_files_are_not_gone(seeing: Seeing) -> None:
    file(seeing.folder, "a.jpg")
    aside = seeing.folder.watch.with_name("aside")
    with seeing.run():
        seeing.until("a.jpg")
        seeing.folder.watch.rename(aside)
        until(lambda: seeing.display.warnings, 10)
        assert set(seeing.known()) == {"a.jpg"}
        file(changed(seeing.folder, watch=aside), "b.jpg")
        aside.rename(seeing.folder.watch)
        seeing.until("a.jpg", "b.jpg")
    (warning,) = seeing.display.warnings
    assert warning.endswith("in: cannot be read: no such file or directory. It is watched again when that is mended.")
    (said,) = seeing.display.sayings
    assert said.endswith("in: is there again.")
    assert len(seeing.ledger.jobs()) == 2


def test_a_folder_that_was_never_there_is_watched_when_it_comes(seeing: Seeing) -> None:
    shutil.rmtree(seeing.folder.watch)
    with seeing.run() as one:
        until(lambda: seeing.display.warnings, 10)
        assert one.is_settled  # nothing more is to be known of it
        file(seeing.folder, "a.jpg")
        seeing.until("a.jpg")


def test_a_folder_below_that_cannot_be_read_is_told_once_and_its_files_are_not_gone() -> None:
    with reachable_folder() as folder, closing(Ledger(folder.watch.with_name("state") / "ledger")) as ledger:
        seeing = Seeing(folder, ledger)
        path, other = file(folder, "closed/a.jpg"), file(folder, "b.jpg")
        folder.watch.chmod(0o777)
        with seeing.run() as one:
            seeing.until("closed/a.jpg", "b.jpg")
            with with_rights(path.parent, 0):
                other.unlink()
                seeing.until("closed/a.jpg")
                scans = one._scans
                until(lambda: one._scans > scans + 2, 10)
                assert set(seeing.known()) == {"closed/a.jpg"}
            (warning,) = seeing.display.warnings
            assert warning.endswith("closed: cannot be read: permission denied. What lies there has to wait.")
            path.unlink()
            seeing.until()


def test_a_full_disk_below_the_ledger_is_told_and_the_next_scan_sees_what_was_missed(
    tmp_path: Path, small_disk: Callable[[Path], AbstractContextManager[None]]
) -> None:
    state = tmp_path / "state"
    for each in (state, tmp_path / "in"):
        each.mkdir()
    with small_disk(state):
        subprocess.run(["mount", "-o", "remount,size=4m", str(state)], check=True)
        with closing(Ledger(state / "ledger")) as ledger:
            seeing = Seeing(hot_folder(tmp_path / "in"), ledger)
            ballast = state / "ballast"
            ballast.write_bytes(bytes(os.statvfs(state).f_bavail * 4096))
            names = [f"{number}.jpg" for number in range(300)]
            for name in names:
                file(seeing.folder, name)
            with seeing.run():
                until(lambda: seeing.display.warnings, 10)
                ballast.unlink()
                seeing.until(*names)
    (warning,) = seeing.display.warnings
    assert "the disk is full" in warning
    assert len(seeing.display.sayings) == 1


def test_each_intake_ends_at_once(seeing: Seeing) -> None:
    with seeing.run(SELDOM) as one:
        until(lambda: one.is_settled)
        begun = time.monotonic()
        one.stop()
        one.join(5)
        assert time.monotonic() - begun < 1
