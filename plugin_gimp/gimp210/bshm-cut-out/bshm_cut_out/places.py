# -*- coding: utf-8 -*-
"""Where the engine listens, and the command that starts it. Paths are bytes."""

import collections
import errno
import json
import os
import re

from bshm_cut_out.errors import CutOutError
from bshm_cut_out.words import N_, as_text

FILE = "installation.json"

# A byte that is no UTF-8, as Python 3 writes it into text (PEP 383); after one of the first class it is half a character.
_ODD_BYTE = re.compile(u"(?<![\ud800-\udbff])[\udc80-\udcff]")

# What `bshm gimp install` wrote beside the plug-in. command: of the program; () where the plug-in was put in place by
# hand. socket: where its config says that the engine listens, or None.
Installation = collections.namedtuple("Installation", "command socket")


def installation(folder):
    """What is known of the program, for the plug-in in this folder. Raises CutOutError where the file is damaged."""
    name = os.path.join(folder, FILE)
    try:
        with open(name, "rb") as stream:
            written = json.load(stream)
        socket = written.get("socket")
        command = tuple(_path(each) for each in _words(written["command"]))
        return Installation(command, _path(socket) if socket else None)
    except EnvironmentError as error:
        if error.errno == errno.ENOENT:
            return Installation((), None)
        raise _damaged(name, error.strerror)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(name, error)


def _damaged(name, why):
    text = N_("%(file)s cannot be used: %(why)s. Install the plug-in again: bshm gimp install")
    return CutOutError(text, file=as_text(name), why=as_text(why))


def _words(command):
    """Raises TypeError: one text would be read letter by letter."""
    if not isinstance(command, list):
        raise TypeError("its command is no list")
    return command


def _path(text):
    """The bytes of a path that Python 3 has written as JSON. Raises TypeError where it is no text."""
    pieces = _ODD_BYTE.split(text)
    odd = [chr(ord(each) - 0xDC00) for each in _ODD_BYTE.findall(text)]
    return b"".join(piece.encode("utf-8") + byte for piece, byte in zip(pieces, odd + [b""]))


def socket_path(installed, environment):
    """$BSHM_SOCKET, else what the installation says, else the usual place (the XDG Base Directory Specification)."""
    named = environment.get("BSHM_SOCKET") or installed.socket
    return named or os.path.join(_runtime_folder(environment), "engine.sock")


def _runtime_folder(environment):
    runtime, state = environment.get("XDG_RUNTIME_DIR", ""), environment.get("XDG_STATE_HOME", "")
    if runtime.startswith("/"):
        return os.path.join(runtime, "bshm")
    if not state.startswith("/"):
        state = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "bshm", "run")


def in_flatpak():
    """Whether this GIMP runs in Flatpak's sandbox (flatpak-metadata(5)), where no program of the system can be started."""
    return os.path.exists("/.flatpak-info")
