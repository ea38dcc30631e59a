"""What the settings choose by a name that only the engine can judge: the matting network and the background.

The functions that judge are the engine's own, so that `bshm doctor` and `bshm cutout` never differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.inputs import read_file
from daemon.terminal import shown
from engine.errors import ConfigError, UsageError
from engine.pictures.files import path_of
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.pictures.background import Background
    from engine.types import Picture


def check_network(settings: Settings) -> None:
    """Raises UsageError for a matting network that there is not, or that settings.licences forbids."""
    from engine.models.choice import matting

    matting(settings.network, settings.licences)


def read_background(settings: Settings) -> Background:
    """What lies behind the people in composites. Raises UsageError."""
    from engine.pictures.background import parse_background
    from engine.pictures.decode import decode

    def read(name: str) -> Picture:
        return decode(background_file(settings), settings.limits, shown(name))

    return parse_background(settings.background, read)


def background_file(settings: Settings) -> bytes:
    """The bytes of the picture that settings.background names. Raises PictureError."""
    return read_file(path_of(settings.background), settings.limits)


def sent_background(settings: Settings, background: Background) -> tuple[str | None, bytes | None]:
    """What lies behind composites as the resident engine takes it: a colour, or a file. Raises PictureError."""
    from engine.pictures.background import Colour

    if isinstance(background, Colour):
        return f"#{background.red:02x}{background.green:02x}{background.blue:02x}", None
    return None, background_file(settings)


@contextmanager
def written_in(config: Path | str | None) -> Iterator[None]:
    """Names the config file, maybe with a line, in a UsageError about a word that stands there; None: it stood
    elsewhere."""
    try:
        yield
    except UsageError as error:
        if config is None:
            raise
        raise ConfigError(f"{config}: {error.what}", error.why, error.remedy) from error.__cause__
