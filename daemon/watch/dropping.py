"""A copy of a photo, dropped into a hot folder as a careful program does it: whole, under a name that nothing has."""

from __future__ import annotations

from pathlib import Path

from daemon.outputs import unwritable
from daemon.terminal import shown
from daemon.watch.naming import numbered
from daemon.watch.originals import copy
from daemon.watch.publish import TakenError
from engine.pictures.files import cannot_be_read


def drop(photo: Path, folder: Path) -> Path:
    """Where the copy lies. Raises PictureError where the photo cannot be read, and OutputError."""
    try:
        with photo.open("rb"):
            pass
    except OSError as error:
        raise cannot_be_read(shown(photo), error) from error
    for place in numbered(folder / photo.name):
        try:
            copy(photo, place)
        except TakenError:
            continue
        except OSError as error:
            raise unwritable(place, error) from error
        return place
    raise AssertionError  # the names have no end
