"""Where the engine listens, and the command that starts it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bshm_cut_out.errors import N_, CutOutError

FILE = "installation.json"


@dataclass(frozen=True)
class Installation:
    """What `bshm gimp install` wrote beside the plug-in. command: of the program, or () where the plug-in was put in
    place by hand. socket: where its config says that the engine listens, or None."""

    command: tuple[str, ...] = ()
    socket: str | None = None


def installation(folder: Path) -> Installation:
    """What is known of the program, for the plug-in in this folder. Raises CutOutError where the file is damaged."""
    file = folder / FILE
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
        return Installation(_words(written["command"]), written.get("socket"))
    except FileNotFoundError:
        return Installation()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CutOutError(
            N_("%(file)s cannot be used: %(why)s. Install the plug-in again: bshm gimp install"), file=file, why=error
        ) from error


def _words(command: object) -> tuple[str, ...]:
    """Raises TypeError: one text would be read letter by letter."""
    if not isinstance(command, list):
        raise TypeError("its command is no list")
    return tuple(command)


def socket_path(installed: Installation, environment: Mapping[str, str]) -> Path:
    """$BSHM_SOCKET, else what the installation says, else the usual place (the XDG Base Directory Specification)."""
    named = environment.get("BSHM_SOCKET") or installed.socket
    return Path(named) if named else _runtime_folder(environment) / "engine.sock"


def _runtime_folder(environment: Mapping[str, str]) -> Path:
    runtime, state = (environment.get(each, "") for each in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"))
    if runtime.startswith("/"):
        return Path(runtime) / "bshm"
    return (Path(state) if state.startswith("/") else Path.home() / ".local" / "state") / "bshm" / "run"


def in_flatpak() -> bool:
    """Whether this GIMP runs in Flatpak's sandbox, where no program of the system can be started."""
    return Path("/.flatpak-info").exists()
