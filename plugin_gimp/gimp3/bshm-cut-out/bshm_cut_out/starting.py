"""An engine that takes pictures: the one that runs, or one that is started."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bshm_cut_out.connection import Engine
from bshm_cut_out.errors import N_, AwayError, BusyError, CutOutError
from bshm_cut_out.places import Installation, in_flatpak

_PATIENCE = 120.0  # seconds; a cold disk takes some for the networks
_NAP = 0.1

# What GIMP sets for its own Python, and would mislead another; and what an AppImage sets for its programs.
_GIMPS = ("PYTHONHOME", "PYTHONPATH", "GI_TYPELIB_PATH")
_APPIMAGES = ("LD_LIBRARY_PATH", "LD_PRELOAD")


def ready_engine(path: Path, installed: Installation, tell: Callable[[str], None]) -> Engine:
    """An engine that takes pictures; one is started where nothing listens at `path`. tell: is called all the while.

    Raises CutOutError: it cannot be started, it is silent, or it is none of ours.
    """
    engine = Engine(path)
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            engine.ready()
        except AwayError:
            return Engine(_started(path, installed, tell))
        except BusyError:
            if time.monotonic() > end:
                raise
            tell(N_("The engine is starting"))
            time.sleep(_NAP)
        else:
            return engine


def _started(path: Path, installed: Installation, tell: Callable[[str], None]) -> Path:
    """Where the engine that was started listens: it is ready then."""
    if in_flatpak():
        raise CutOutError(
            N_(
                "No engine is running at %(place)s, and GIMP from Flatpak cannot start it. Paste in a terminal: bshm "
                "engine --detach"
            ),
            place=path,
        )
    if not installed.command:
        raise CutOutError(
            N_(
                "No engine is running at %(place)s, and the plug-in does not know how to start it. Paste in a "
                "terminal: bshm engine --detach"
            ),
            place=path,
        )
    command = [*installed.command, "engine", "--detach"]
    try:
        process = subprocess.Popen(  # what `bshm gimp install` wrote down
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(os.environ),
            encoding="utf-8",
            errors="surrogateescape",
        )
    except OSError as error:
        raise CutOutError(
            N_(
                "The engine could not be started: %(command)s: %(why)s. Install it again: ./install.sh --gimp in the "
                "project's folder"
            ),
            command=installed.command[0],
            why=os.strerror(error.errno or 0),
        ) from error
    with process:
        while process.poll() is None:
            tell(N_("The engine is starting"))
            time.sleep(_NAP)
        said, complaint = process.communicate()
    if process.returncode:
        raise CutOutError(N_("The engine could not be started. It says: %(says)s"), says=complaint.strip() or "-")
    return Path(said.rstrip("\n"))


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The user's own environment, as it was before GIMP was started."""
    without = (*_GIMPS, *_APPIMAGES) if "APPDIR" in ours else _GIMPS  # AppImage's runtime sets it
    return {key: value for key, value in ours.items() if key not in without}
