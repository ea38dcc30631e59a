"""What jobs need but a running engine: a client that answers at once, always the same for the same bytes.

The real one is in test_watching; here it would be in the way of hundreds of crashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.watch.hot_folder import HotFolder
from daemon.watch.ledger import Ledger
from daemon.watch.means import Means
from daemon.watch.naming import Names
from daemon.watch.written import Written
from engine.client import Answer, Asked, Client
from engine.client.asked import Buffer, Raw
from engine.errors import NotAPictureError


class Answering(Client):
    """Takes every file for a picture that does not begin with "bad"."""

    def __init__(self) -> None:
        super().__init__("/nowhere")
        self.asked: list[Asked] = []

    def cut_out(self, picture: Buffer | Raw, asked: Asked = Asked(), background: Buffer | None = None) -> Answer:  # noqa: ARG002, B008  # frozen
        assert isinstance(picture, bytes)
        self.asked.append(asked)
        if picture.startswith(b"bad"):
            raise NotAPictureError(f"{asked.name}: not a picture", "it begins with 'bad'", "Send another")
        report = {"width": 4, "height": 3, "people": [{}], "warnings": [], "milliseconds": {"matte": 1.0}}
        results = {want: memoryview(result_of(picture, want)) for want in asked.want}
        return Answer(asked.job or "", report, results)


def result_of(data: bytes, want: str) -> bytes:
    return f"{want} of {hashlib.sha256(data).hexdigest()}".encode()


@contextmanager
def means_of(file: Path) -> Iterator[Means]:
    """The ledger of this file, and what jobs need with it. looked: the files that are to be looked at again."""
    ledger = Ledger(file)
    try:
        yield Means(ledger, Names(ledger.writer_of), Written(), Answering(), _ignore, print)
    finally:
        ledger.close()


def _ignore(_: HotFolder, __: str) -> None:
    """Nobody looks at folders here."""
