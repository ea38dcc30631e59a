"""Which GIMPs there are: programs on PATH, Flatpak's, and settings folders of others (an AppImage, a build by hand)."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from daemon.gimp import flatpak
from daemon.gimp.programs import asked

_PROGRAM = re.compile(r"gimp(-console)?(-\d+(\.\d+)?)?")
_VERSION = re.compile(r"(\d+)\.(\d+)\b")
_SERVED = re.compile(r"2\.10|3\.\d+")  # whose settings folders are looked for
_NAMED = {(3, 0): "GIMP3_DIRECTORY", (2, 10): "GIMP2_DIRECTORY"}  # settings folders, whatever the series' second number
_PATIENCE = 20.0  # seconds


class Source(StrEnum):
    """How a GIMP was found."""

    PROGRAM = "program"
    FLATPAK = "Flatpak"
    SNAP = "Snap"
    SETTINGS = "settings"


@dataclass(frozen=True)
class Gimp:
    """One GIMP. series: as in 2.10 or 3.2; None where it does not tell. where: the program, Flatpak's folder of it, or
    its settings folder. settings: the folder of its settings, which need not be there yet; None where it has none that
    others may write to."""

    source: Source
    series: tuple[int, int] | None
    where: Path
    settings: Path | None

    @property
    def name(self) -> str:
        """As people call it: GIMP 3.2."""
        return "GIMP {}.{}".format(*self.series) if self.series else "GIMP"


def find(environment: Mapping[str, str], home: Path) -> list[Gimp]:
    """All of them, each once. A settings folder is named only where no GIMP is known that uses it."""
    found = [*_programs(environment, home), *_flatpaks(environment, home)]
    used = {each.settings for each in found}
    return found + [each for each in _settings(environment, home) if each.settings not in used]


def _programs(environment: Mapping[str, str], home: Path) -> Iterator[Gimp]:
    """One for each series on PATH; links to one program, and gimp-console beside gimp, count once."""
    looked_at: set[Path] = set()
    told: set[tuple[Source, tuple[int, int] | None]] = set()
    for path in _executables(environment):
        program = path.resolve()
        if program in looked_at:
            continue
        looked_at.add(program)
        if path.parts[:2] == ("/", "snap"):
            gimp = Gimp(Source.SNAP, None, path, None)
        else:
            series = _series_of(path)
            settings = _settings_folder(series, environment, home) if series else None
            gimp = Gimp(Source.PROGRAM, series, path, settings)
        if (gimp.source, gimp.series) not in told:
            told.add((gimp.source, gimp.series))
            yield gimp


def _executables(environment: Mapping[str, str]) -> Iterator[Path]:
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        if folder.startswith("/"):
            programs = [each for each in _in(Path(folder)) if _PROGRAM.fullmatch(each.name)]
            yield from (each for each in programs if each.is_file() and os.access(each, os.X_OK))


def _in(folder: Path) -> list[Path]:
    """What is in a folder; nothing where it is none, or where this user may not look: nor may their GIMP."""
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []


def _series_of(program: Path) -> tuple[int, int] | None:
    """What it says of itself; None where it says nothing that is understood."""
    try:
        ran = asked([program, "--version"], _PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(ran.stdout)
    return (int(found[1]), int(found[2])) if found else None


def _flatpaks(environment: Mapping[str, str], home: Path) -> Iterator[Gimp]:
    outside = _config_folder(environment, home)
    for each in flatpak.deployed(environment, home, outside):
        config = outside if each.shares_settings else home / ".var/app" / flatpak.APP / "config"
        settings = _folder_of(each.series, config / "GIMP") if each.series else None
        yield Gimp(Source.FLATPAK, each.series, each.folder, settings)


def _settings(environment: Mapping[str, str], home: Path) -> Iterator[Gimp]:
    for series, variable in _NAMED.items():
        if environment.get(variable) and (folder := home / environment[variable]) in _in(folder.parent):
            yield Gimp(Source.SETTINGS, series, folder, folder)
    for each in _in(_config_folder(environment, home) / "GIMP"):
        if _SERVED.fullmatch(each.name) and each.is_dir():
            major, minor = map(int, each.name.split("."))
            yield Gimp(Source.SETTINGS, (major, minor), each, each)


def _settings_folder(series: tuple[int, int], environment: Mapping[str, str], home: Path) -> Path:
    """As gimp_directory() has it: a relative path is one below the home folder."""
    named = next((environment.get(name) for other, name in _NAMED.items() if other[0] == series[0]), None)
    return home / named if named else _folder_of(series, _config_folder(environment, home) / "GIMP")


def _folder_of(series: tuple[int, int], folder: Path) -> Path:
    return folder / "{}.{}".format(*series)


def _config_folder(environment: Mapping[str, str], home: Path) -> Path:
    named = environment.get("XDG_CONFIG_HOME", "")
    return Path(named) if named.startswith("/") else home / ".config"
