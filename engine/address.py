"""Where the resident engine is reached, for the engine and its clients alike. Needs the standard library alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ConfigError
from engine.folders import runtime_folder

if TYPE_CHECKING:
    from engine.settings import Settings

_LONGEST = 107  # bytes: sun_path has 108, the last of them a NUL (unix(7))


def socket_path(settings: Settings | None = None) -> Path:
    """The Unix socket: $BSHM_SOCKET, else the setting engine.socket, else engine.sock in the runtime folder.

    Without settings, as if engine.socket were auto. Raises ConfigError for a path that no socket can have.
    """
    named = os.environ.get("BSHM_SOCKET", "")
    if not named and settings is not None and settings.engine.socket != "auto":
        named = settings.engine.socket
    path = Path(named).absolute() if named else runtime_folder() / "engine.sock"
    length = len(os.fsencode(path))
    if length > _LONGEST:
        raise ConfigError(
            f"{path}: too long for a socket's path",
            f"it has {length} bytes, and {_LONGEST} is the most",
            "Name a shorter one as engine.socket in the config file, or in BSHM_SOCKET",
        )
    if "\0" in str(path):
        raise ConfigError(f"{str(path)!r}: no socket's path", "it has a NUL byte", "Name another as engine.socket")
    return path


def token_path(socket: Path) -> Path:
    """The file with the token that connections over TCP bring: beside the Unix socket."""
    return socket.with_name("engine.token")
