"""What every step of a job needs: the ledger, names, the engine, and somebody to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import Job
from daemon.watch.ledger import Ledger
from daemon.watch.naming import Names
from daemon.watch.written import Written
from engine.client import Client


@dataclass(frozen=True)
class Means:
    """look: asks for a look at a file of a hot folder, which is another by now. complain: says what the user should
    know of a job that ends well all the same."""

    ledger: Ledger
    names: Names
    written: Written
    client: Client
    look: Callable[[HotFolder, str], None]
    complain: Callable[[str], None]

    def ticket(self, job: Job) -> str:
        """What is in the names of a job's temporary files, and in no other's."""
        return f"{self.ledger.name}-{job.id}"
