"""A hot folder whose jobs have been worked on, without an engine: the ledger and the files are as `bshm watch` leaves
them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon.watch.ending import fail, finish
from daemon.watch.hot_folder import Sighting
from daemon.watch.job import Job, Output, Problem, State
from daemon.watch.ledger import Ledger, ledger_file
from daemon.watch.means import Means
from daemon.watch.naming import Names
from daemon.watch.originals import stamp_of
from daemon.watch.publish import temporary, write_temporary
from daemon.watch.written import Written
from engine.client import Client
from engine.errors import BshmError, NotAPictureError
from tests.daemon.watch.hot import hot_folder

DAMAGED = NotAPictureError("the picture is damaged", "half of it is missing", "Copy it once more")


@dataclass
class Watched:
    """A hot folder below a folder of the test's own. looks: at what the watcher was asked to look."""

    top: Path
    looks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder = hot_folder(self.top / "in")
        self.folder.watch.mkdir(parents=True, exist_ok=True)
        self.ledger = Ledger(ledger_file())
        self._names = Names(self.ledger.writer_of)

    def dropped(self, name: str, data: bytes = b"no picture") -> Job:
        """A file in the hot folder, which waits."""
        path = self.folder.watch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        now = time.time()
        self.ledger.add(self.folder.watch, "disk", [Sighting(name, stamp_of(path), 0)], now)
        return self.ledger.jobs()[-1]

    def working(self, name: str) -> Job:
        """One that is worked on."""
        self.dropped(name)
        job = self.ledger.take([self.folder.watch], time.time())
        assert job is not None
        return job

    def done(self, name: str, **summary: Any) -> Job:
        """One that is cut out; the cut-out is a file of its own."""
        job = self.working(name)
        target = self.folder.output / f"{Path(name).stem}.cutout.png"
        inode = write_temporary(temporary(self._ticket(job), target.parent, "cutout"), b"result")
        output = Output("cutout", target, inode, replaces=False)
        about = {"people": 2, "seconds": 1.26, "warnings": []} | summary
        self.ledger.publish(job.id, [output], verdict=State.DONE, original=job.path, summary=about)
        return finish(self.ledger.job(job.id), self.folder, self._means())

    def failed(self, name: str, error: BshmError = DAMAGED) -> Job:
        """One that failed: it lies in the failed folder, with the reason beside it."""
        return fail(self.working(name), self.folder, error, self._means())

    def put_off(self, name: str, seconds: float) -> Job:
        """One that waits for another try."""
        job = self.working(name)
        problem = Problem("the picture cannot be fetched", "the server is busy")
        self.ledger.change(job.id, state=State.WAITING, due=time.time() + seconds, error=problem)
        return self.ledger.job(job.id)

    def _ticket(self, job: Job) -> str:
        return f"{self.ledger.name}-{job.id}"

    def _means(self) -> Means:
        nobody = Client(Path("/nonexistent/engine.sock"))
        return Means(
            self.ledger, self._names, Written(), nobody, lambda _, name: self.looks.append(name), self.looks.append
        )
