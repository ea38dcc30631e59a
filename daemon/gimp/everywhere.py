"""The plug-in in every GIMP of this user: put there, taken away, looked at; one finding for each GIMP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from daemon.findings import Finding
from daemon.gimp import flatpak, installing
from daemon.gimp.found import Gimp, Source, find
from daemon.gimp.installing import Installation, State
from daemon.gimp.interpreters import obstacle
from daemon.starting import own_command
from engine.address import socket_path
from engine.errors import BshmError
from engine.settings import Settings
from engine.version import own_version

_COMMAND = "bshm gimp install"
_RUN = f"Run: {_COMMAND}"
_NO_GIMP = "no GIMP was found: no program on PATH, none of Flatpak's, no settings folder"
_SNAP = (
    "GIMP from Snap is confined so that its plug-ins come from other Snaps alone and reach no socket outside. Use GIMP "
    "from your distribution, from Flatpak, or as an AppImage"
)


def installation(settings: Settings, config: Path | None) -> Installation:
    """What the plug-in is told of this program. config: the file named on the command line.

    Raises ConfigError for a path that no socket can have.
    """
    command = [*own_command(), *(["--config", str(config.absolute())] if config else [])]
    named = settings.engine.socket != "auto" or bool(os.environ.get("BSHM_SOCKET"))
    return Installation(own_version(), tuple(command), socket_path(settings) if named else None)


def install(wanted: Installation) -> Iterator[Finding]:
    """Puts the plug-in into every GIMP; a fault says why it is not there, or why it cannot run there."""
    gimps = _found()
    if not gimps:
        yield Finding("GIMP", _NO_GIMP, f"Install GIMP 3, start it once, then run: {_COMMAND}")
    for gimp in gimps:
        where = _where(gimp)
        if why := _unserved(gimp):
            yield Finding(gimp.name, f"{where}: not installed", f"{why[0].upper()}{why[1:]}.")
            continue
        try:
            put = installing.put(_source(gimp), _plug_ins(gimp), wanted)
            how = f"{where}: {'installed' if put else 'installed already'}, {_plug_ins(gimp) / installing.NAME}"
        except BshmError as error:
            yield Finding(gimp.name, f"{where}: not installed", str(error))
            continue
        try:
            permission = flatpak.permission(wanted.socket, os.environ)
            if gimp.source is Source.FLATPAK and not flatpak.reaches(permission, Path.home()):
                flatpak.allow(permission)
                how += f"; from its next start on its sandbox may reach {permission} (flatpak override --user)"
            yield Finding(gimp.name, how, obstacle(gimp, os.environ))
        except BshmError as error:
            yield Finding(gimp.name, how, f"It cannot reach the engine: {error}")


def uninstall() -> Iterator[Finding]:
    """Takes the plug-in away from every GIMP; a fault says why it is still there."""
    gimps = [each for each in _found() if not _unserved(each)]
    # Flatpak's first: what its sandbox was given follows from what is written beside a plug-in that others may share
    for gimp in sorted(gimps, key=lambda each: each.source is not Source.FLATPAK):
        where = _where(gimp)
        try:
            socket = installing.recorded_socket(_plug_ins(gimp))
            taken = installing.take_away(_plug_ins(gimp))
            how = f"{where}: {'removed' if taken else 'not installed'}"
            if gimp.source is Source.FLATPAK:
                permission = flatpak.permission(socket, os.environ)
                if flatpak.take_back(permission):
                    how += f"; its sandbox may no longer reach {permission}"
            yield Finding(gimp.name, how)
        except BshmError as error:
            yield Finding(gimp.name, f"{where}: not removed", str(error))


def status(wanted: Installation) -> Iterator[Finding]:
    """How the plug-in in every GIMP is. Where it is not, nothing is wrong."""
    gimps = _found()
    if not gimps:
        yield Finding("GIMP", _NO_GIMP)
    for gimp in gimps:
        where = _where(gimp)
        if why := _unserved(gimp):
            yield Finding(gimp.name, f"{where}: {why}")
            continue
        try:
            yield _looked_at(gimp, where, wanted)
        except BshmError as error:
            yield Finding(gimp.name, where, str(error))


def _looked_at(gimp: Gimp, where: str, wanted: Installation) -> Finding:
    folder = _plug_ins(gimp) / installing.NAME
    text = f"{where}: "
    match installing.state(_source(gimp), _plug_ins(gimp), wanted):
        case State.MISSING:
            return Finding(gimp.name, f"{text}plug-in not installed; `{_COMMAND}` does it")
        case State.FOREIGN:
            return Finding(gimp.name, f"{text}{folder} was not put there by `{_COMMAND}`")
        case State.OUTDATED:
            return Finding(gimp.name, f"{text}{folder} is not this version's", _RUN)
        case State.MISLED:
            fault = f"It would look for the engine, or start it, in another way than this program does. {_RUN}"
            return Finding(gimp.name, f"{text}{folder}", fault)
    fault = obstacle(gimp, os.environ)
    if gimp.source is Source.FLATPAK and not flatpak.reaches(
        flatpak.permission(wanted.socket, os.environ), Path.home()
    ):
        fault = f"Its sandbox hides the engine's socket. {_RUN}"
    return Finding(gimp.name, f"{text}{folder} is up to date", fault)


def _found() -> list[Gimp]:
    return find(os.environ, Path.home())


def _where(gimp: Gimp) -> str:
    match gimp.source:
        case Source.SETTINGS:
            return "its settings alone were found"
        case Source.PROGRAM:
            return str(gimp.where)
    return f"{gimp.where} ({gimp.source})"


def _unserved(gimp: Gimp) -> str:
    """Why there is no plug-in for it, or no place for one; empty where there is."""
    if gimp.source is Source.SNAP:
        return _SNAP
    if gimp.series is None or gimp.settings is None:
        return "it does not say which version it is"
    if gimp.series < (3, 0) and gimp.series != (2, 10):
        return "the plug-in is for GIMP 2.10 and for GIMP 3"
    if not os.access(gimp.settings, os.F_OK):
        # Were the folder made here, GIMP would not take over what an older version has: it does so where there is none
        return f"it was never started here, for there is no {gimp.settings}. Start it once, then run: {_COMMAND}"
    return ""


def _plug_ins(gimp: Gimp) -> Path:
    assert gimp.settings  # noqa: S101  # as _unserved said
    return gimp.settings / "plug-ins"


def _source(gimp: Gimp) -> Path:
    assert gimp.series  # noqa: S101  # as _unserved said
    return installing.source_for(gimp.series)
