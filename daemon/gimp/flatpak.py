"""GIMP from Flatpak: where it lies, whose settings it uses, and what its sandbox may reach.

It may read and write the home folder (filesystems=host in org.gimp.GIMP's manifest), but not $XDG_RUNTIME_DIR, where
the engine listens: that takes an override, which is the user's own and holds for every installation of it
(flatpak-override(1)). A folder is shown to it as it was when it started: if it is removed and made again, GIMP has to
be started again.
"""

from __future__ import annotations

import configparser
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError, system_reason

APP = "org.gimp.GIMP"

_SETTINGS = "xdg-config/GIMP"
_PROGRAM = re.compile(r"gimp-(\d+)\.(\d+)")
_PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Deployed:
    """A GIMP that Flatpak has installed. folder: with `metadata` and `files`. series: as in 2.10 or 3.2; None where it
    does not tell. shares_settings: it uses the settings of the GIMPs outside."""

    folder: Path
    series: tuple[int, int] | None
    shares_settings: bool


def deployed(environment: Mapping[str, str], home: Path, config: Path) -> Iterator[Deployed]:
    """The user's own, and the system's. config: $XDG_CONFIG_HOME of the GIMPs outside."""
    data = environment.get("XDG_DATA_HOME", "")
    own = environment.get("FLATPAK_USER_DIR") or f"{data if data.startswith('/') else home / '.local/share'}/flatpak"
    for installation in (own, environment.get("FLATPAK_SYSTEM_DIR") or "/var/lib/flatpak"):
        folder = Path(installation) / "app" / APP / "current" / "active"
        try:
            shown = _filesystems((folder / "metadata").read_text(encoding="utf-8", errors="replace"))
        except OSError:  # it is not installed there, or not for this user's eyes
            continue
        names = sorted(each.name for each in folder.glob("files/bin/gimp-*"))
        series = next(((int(found[1]), int(found[2])) for each in names if (found := _PROGRAM.fullmatch(each))), None)
        # As its manifest had it until March 2024, the folder was shown only where it was there before
        shares = f"{_SETTINGS}:create" in shown or (_SETTINGS in shown and (config / "GIMP").is_dir())
        yield Deployed(folder, series, shares)


def permission(socket: Path | None, environment: Mapping[str, str]) -> str:
    """What the sandbox must be given to reach the engine, as --filesystem= names it. socket: None for the usual one."""
    if socket is None:
        return "xdg-run/bshm"
    runtime = environment.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and socket.is_relative_to(runtime):
        return f"xdg-run/{socket.parent.relative_to(runtime)}"
    return str(socket.parent)


def reaches(wanted: str, home: Path) -> bool:
    """Whether its sandbox shows it what is wanted, a permission. Raises EngineError."""
    granted = {each.partition(":")[0] for each in _filesystems(_flatpak("info", "--show-permissions", APP))}
    at_home = wanted.startswith(f"{home}/") and not wanted.startswith(f"{home}/.var/")
    return wanted in granted or (at_home and not granted.isdisjoint(("host", "home")))


def allow(wanted: str) -> None:
    """Lets its sandbox reach a folder, which is made where it is not there. Raises EngineError."""
    _flatpak("override", "--user", f"--filesystem={wanted}:create", APP)


def take_back(wanted: str) -> bool:
    """Takes back what `allow` gave, and leaves all else that the user has overridden. False where there is nothing.

    Raises EngineError.
    """
    text = _flatpak("override", "--user", "--show", APP)
    if f"{wanted}:create" not in _filesystems(text):
        return False
    alone = text.split() == ["[Context]", f"filesystems={wanted}:create;"]
    # There is no way back but to forget everything; the other leaves the word that this folder is not to be shown
    _flatpak("override", "--user", "--reset" if alone else f"--nofilesystem={wanted}", APP)
    return True


def _filesystems(text: str) -> set[str]:
    """The entry of that name in a file of flatpak-metadata(5)."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return set()
    return set(parser.get("Context", "filesystems", fallback="").split(";"))


def _flatpak(*words: str) -> str:
    what = f"`flatpak {' '.join(words)}` failed"
    try:
        ran = subprocess.run(
            ["flatpak", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=_PATIENCE,
            check=False,
        )
    except OSError as error:
        raise EngineError(what, system_reason(error)) from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(what, f"it did not end within {_PATIENCE:.0f} s") from error
    if ran.returncode:
        raise EngineError(what, (ran.stderr.strip().splitlines() or ["it does not say why"])[-1].rstrip("."))
    return ran.stdout
