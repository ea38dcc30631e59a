"""Tells systemd how the engine is (sd_notify(3)). Does nothing where it was not started by systemd."""

from __future__ import annotations

import logging
import os
import socket
import time

_PATIENCE = 1.0  # seconds; systemd reads at once, and the engine does not stand still for it

_log = logging.getLogger("bshm.engine")


def notify(*assignments: str) -> bool:
    """Sends assignments such as "READY=1" and "STATUS=..." in one message; True where somebody was told.

    Each is one line: line ends in it become spaces.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    message = "\n".join(" ".join(each.splitlines()) for each in assignments)
    # "@" stands for the NUL byte with which the name of an abstract socket begins (unix(7)).
    name = b"\0" + os.fsencode(address[1:]) if address.startswith("@") else os.fsencode(address)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.settimeout(_PATIENCE)
            one.sendto(message.encode("utf-8", "replace"), name)
    except OSError as error:
        _log.warning("systemd was not told %r: %s", message, error)
        return False
    return True


def reloading() -> bool:
    """Says that the config is being read again; READY=1 has to follow (Type=notify-reload of systemd.service(5))."""
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify("RELOADING=1", f"MONOTONIC_USEC={now}")


def watchdog_seconds() -> float | None:
    """After how many seconds without WATCHDOG=1 systemd ends the engine; None where it does not watch this process
    (sd_watchdog_enabled(3))."""
    microseconds, process = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or not int(microseconds) or process not in ("", str(os.getpid())):
        return None
    return int(microseconds) / 1e6
