# -*- coding: utf-8 -*-
"""An engine that takes pictures: the one that runs, or one that is started."""

import os
import subprocess
import tempfile
import time

from bshm_cut_out.connection import Call
from bshm_cut_out.errors import AwayError, BusyError, CutOutError, LostError
from bshm_cut_out.places import in_flatpak
from bshm_cut_out.words import N_, as_text

_PATIENCE = 120.0  # seconds; a cold disk takes some for the networks
_NAP = 0.1

# What GIMP sets for its own Python, or an AppImage for its programs, and what would mislead another Python.
_NOT_FOR_OTHERS = ("LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPATH")


def ready_engine(path, installed, tell):
    """The path of an engine that takes pictures; one is started where nothing listens at `path`. tell: is called with a
    text all the while.

    Raises CutOutError: it cannot be started, it is silent, or it is none of ours.
    """
    end = time.time() + _PATIENCE
    while True:
        try:
            is_ready(path)
            return path
        except (AwayError, LostError):
            return _started(path, installed, tell)
        except BusyError:
            if time.time() > end:
                raise
        tell(N_("The engine is starting"))
        time.sleep(_NAP)


def is_ready(path):
    """Returns where it takes pictures. Raises BusyError where it is starting, or stopping; AwayError, CutOutError."""
    call = Call(path)
    if "state" not in call.json(call.exchange("GET", "/readyz")[0]):
        raise call.stranger("/readyz")


def _started(path, installed, tell):
    """Where the engine that was started listens: it is ready then."""
    if in_flatpak():
        text = N_("No engine is running at %(place)s, and GIMP from Flatpak cannot start it. Paste in a terminal: bshm engine --detach")  # fmt: skip
        raise CutOutError(text, place=as_text(path))
    if not installed.command:
        text = N_("No engine is running at %(place)s, and the plug-in does not know how to start it. Paste in a terminal: bshm engine --detach")  # fmt: skip
        raise CutOutError(text, place=as_text(path))
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        code = _ran(list(installed.command) + ["engine", "--detach"], output, complaints, tell)
        output.seek(0)
        complaints.seek(0)
        if code:
            text = N_("The engine could not be started. It says: %(says)s")
            raise CutOutError(text, says=as_text(complaints.read().strip() or "-"))
        return output.read().rstrip("\n")


def _ran(command, output, complaints, tell):
    """The exit code of a command that writes to these files: a pipe would stay open as long as the engine lives."""
    try:
        with open(os.devnull) as nothing:
            # close_fds: GIMP has to see the end of its pipes to the plug-in
            process = subprocess.Popen(
                command, stdin=nothing, stdout=output, stderr=complaints, close_fds=True, env=_environment(os.environ)
            )
        while process.poll() is None:
            tell(N_("The engine is starting"))
            time.sleep(_NAP)
        return process.returncode
    except EnvironmentError as error:
        text = N_("The engine could not be started: %(command)s: %(why)s. Install it again: ./install.sh --gimp in the project's folder")  # fmt: skip
        raise CutOutError(text, command=as_text(command[0]), why=as_text(error.strerror))


def _environment(ours):
    """The user's own environment, as it was before GIMP was started."""
    return dict((name, value) for name, value in ours.items() if name not in _NOT_FOR_OTHERS)
