"""A copy of a photo, dropped into a hot folder as a careful program does it: whole, under a name that nothing has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from daemon.outputs import unwritable
from daemon.terminal import shown
from daemon.watch.hot_folder import HotFolder
from daemon.watch.job import ENDS, Job
from daemon.watch.ledger import Ledger
from daemon.watch.names import is_taken
from daemon.watch.naming import numbered
from daemon.watch.originals import copy
from daemon.watch.publish import TakenError
from engine.errors import UsageError
from engine.pictures.files import cannot_be_read


def drop(photo: Path, folder: HotFolder) -> str:
    """The name of the copy in the hot folder.

    Raises UsageError for a name that the folder does not take, PictureError where the photo cannot be read, and
    OutputError where the folder cannot be written.
    """
    if not is_taken(photo.name, folder.patterns):
        why = f"{shown(folder.watch)} takes no file of this name"
        raise UsageError(f"{shown(photo)}: not dropped", why, "Name pictures by their kind (photo.jpg)")
    try:
        with photo.open("rb"):
            pass
    except OSError as error:
        raise cannot_be_read(shown(photo), error) from error
    for place in numbered(folder.watch / photo.name):
        try:
            copy(photo, place)
        except TakenError:
            continue
        except OSError as error:
            raise unwritable(place, error) from error
        return place.name
    raise AssertionError  # the names have no end


def what_came(ledger: Ledger, folder: HotFolder, names: Iterable[str]) -> list[Job] | None:
    """The jobs of these files when all have ended; None until then."""
    jobs = [ledger.latest(folder.watch, each) for each in names]
    ended = [each for each in jobs if each is not None and each.state in ENDS]
    return ended if len(ended) == len(jobs) else None
