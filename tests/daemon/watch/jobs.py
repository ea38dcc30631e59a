"""Jobs in a ledger, for tests that are not about how they got there."""

from __future__ import annotations

import time
from pathlib import Path

from daemon.watch.filesystem import filesystem_of
from daemon.watch.hot_folder import HotFolder, Sighting, Stamp
from daemon.watch.job import Job, State
from daemon.watch.ledger import Ledger
from daemon.watch.means import Means
from daemon.watch.originals import stamp_of
from daemon.watch.work import work
from tests.daemon.watch.answering import Answering
from tests.daemon.watch.hot import file

FOLDER = Path("/hot")


def seen(name: str, content: int = 0) -> Sighting:
    """A file as a scan might see it. content: another one for each."""
    return Sighting(name, Stamp(inode=7, size=100, mtime=content), ctime=0)


def took(ledger: Ledger, folder: Path = FOLDER, now: float = 0.0) -> Job:
    """The next job of a folder, which has one."""
    job = ledger.take([folder], now)
    assert job is not None
    return job


def dropped(ledger: Ledger, folder: HotFolder, name: str, content: bytes = b"content") -> Job:
    """A real file that was put into a hot folder, and its job, which waits."""
    path = file(folder, name, content)
    sighting = Sighting(name, stamp_of(path), 0)
    assert ledger.add(folder.watch, filesystem_of(folder.watch).identity, [sighting], time.time()) == 1
    job = ledger.latest(folder.watch, name)
    assert job is not None
    return job


def begun(ledger: Ledger, folder: HotFolder, name: str, content: bytes = b"content") -> Job:
    """The same, and it is worked on."""
    dropped(ledger, folder, name, content)
    return took(ledger, folder.watch, time.time())


def asked(means: Means) -> int:
    assert isinstance(means.client, Answering)
    return len(means.client.asked)


def names(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


def done(job: Job, folder: HotFolder, means: Means) -> Job:
    after = work(job, folder, means)
    assert after is not None
    assert after.state is State.DONE
    return after
