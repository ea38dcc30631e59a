"""Sockets that systemd hands over to the program it starts (sd_listen_fds(3), systemd.socket(5))."""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import ExitStack

from engine.errors import EngineError, system_reason

_FIRST = 3  # SD_LISTEN_FDS_START
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
_REMEDY = "Give the unit a ListenStream= with a path, or with a port of 127.0.0.1"


def handed_over() -> list[socket.socket]:
    """The sockets that are meant for this process; none where it was started in another way. The caller closes them.

    Takes them out of the environment, so that no child looks for them. Raises EngineError for what is no listening
    stream socket, and for one that other machines could reach.
    """
    process, count, names = (os.environ.pop(each, "") for each in _VARIABLES)
    if process != str(os.getpid()) or not count.isdecimal():
        return []
    titles = names.split(":")
    found = []
    with ExitStack() as stack:
        for number in range(int(count)):
            title = titles[number] if number < len(titles) else str(_FIRST + number)
            what = f"systemd's socket '{title}' cannot be used"
            try:
                one = stack.enter_context(socket.socket(fileno=_FIRST + number))
            except OSError as error:
                raise EngineError(what, system_reason(error), _REMEDY) from error
            if fault := _fault(one):
                raise EngineError(what, fault, _REMEDY)
            one.set_inheritable(False)
            found.append(one)
        stack.pop_all()
    return found


def _fault(one: socket.socket) -> str:
    """Why the engine cannot listen on it; empty where it can."""
    if one.type != socket.SOCK_STREAM or not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "it is no stream socket that listens"
    if one.family == socket.AF_UNIX:
        return ""
    inet = one.family in (socket.AF_INET, socket.AF_INET6)
    return "" if inet and ipaddress.ip_address(one.getsockname()[0]).is_loopback else "other machines can reach it"
