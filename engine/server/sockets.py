"""Where the engine listens: on a socket that systemd hands over, or on its own; one engine at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from engine.address import socket_path, token_path
from engine.errors import EngineError, RunningError, system_reason
from engine.server.access import own_token, peer_of
from engine.server.activation import handed_over
from engine.settings import Settings

# Connections that may wait to be accepted. The engine accepts at once; this is for the moments in which it is busy.
BACKLOG = 128

_ELSEWHERE = "Name another path as engine.socket in the config file, or in BSHM_SOCKET"
_UNSAFE = "{}: no safe place for the engine's socket"


class SocketFile(NamedTuple):
    """A Unix socket's file, and which one it is: its device and inode."""

    path: Path
    identity: tuple[int, int]


@dataclass(frozen=True)
class Listening:
    """sockets: they listen already; ours are closed when `listen` is left. token: what connections over TCP bring, or
    None where there is no TCP. described: the addresses, in words. file: our own socket's; None where systemd's is
    used."""

    sockets: list[socket.socket]
    token: str | None
    described: str
    file: SocketFile | None = None


@contextmanager
def listen(settings: Settings) -> Iterator[Listening]:
    """The engine's sockets, for as long as the context lasts; in it, no other engine can be started at this address.

    Raises RunningError where an engine runs, EngineError where a socket cannot be had, ConfigError for a wrong path.
    """
    path, port = socket_path(settings), settings.engine.port
    with ExitStack() as stack:
        _prepare(path.parent)
        stack.enter_context(_alone(path))
        sockets = [stack.enter_context(each) for each in handed_over()]
        file = None
        if not sockets:
            sockets.append(stack.enter_context(_bound(path)))
            file = SocketFile(path, _identity(path))
        if port and not any(map(is_tcp, sockets)):
            sockets.append(stack.enter_context(_on_loopback(port)))
        token = own_token(token_path(path)) if any(map(is_tcp, sockets)) else None
        yield Listening(sockets, token, " and ".join(map(_described, sockets)), file)


def still_there(listening: Listening) -> bool:
    """Whether clients can find our socket: its file, or its folder, may have been removed. systemd's are its own."""
    file = listening.file
    try:
        return file is None or _identity(file.path) == file.identity
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_tcp(one: socket.socket) -> bool:
    """Whether it is no Unix socket, so that nothing is known of who is at the other end."""
    return one.family != socket.AF_UNIX


def _prepare(folder: Path) -> None:
    """Makes the socket's folder, for this user alone; refuses one in which others could put a socket of theirs."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise EngineError(f"{folder}: cannot be made", system_reason(error), _ELSEWHERE) from error
    if found.st_uid != os.geteuid():
        raise EngineError(_UNSAFE.format(folder), "the folder is another user's", _ELSEWHERE)
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        remedy = f"Make it yours alone with `chmod 700 {folder}`, or name another path as engine.socket"
        raise EngineError(_UNSAFE.format(folder), "other users can write into the folder", remedy)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds the lock beside the socket, which the kernel lets go when this process ends, however it ends. The lock's
    file stays: if it were removed, two processes could lock two files of that name."""
    lock = path.with_name(path.name + ".lock")
    with ExitStack() as stack:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        except BlockingIOError:
            raise _running(os.read(descriptor, 20).decode("ascii", "replace").strip()) from None
        except OSError as error:
            raise EngineError(f"{lock}: cannot be written", system_reason(error), _ELSEWHERE) from error
        yield


@contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """A Unix socket of mode 0600, whose file goes with it."""
    _clear(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        mask = os.umask(0o177)  # the file has its mode from the first moment (unix(7), "Pathname socket ownership")
        try:
            one.bind(os.fsencode(path))
            one.listen(BACKLOG)
        except OSError as error:
            raise EngineError(f"{path}: the engine cannot listen", system_reason(error), _ELSEWHERE) from error
        finally:
            os.umask(mask)
        ours = _identity(path)
        try:
            yield one
        finally:
            with suppress(FileNotFoundError, NotADirectoryError):
                if _identity(path) == ours:
                    path.unlink()


@contextmanager
def _on_loopback(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # its last connections may linger in TIME_WAIT
        try:
            one.bind(("127.0.0.1", port))
            one.listen(BACKLOG)
        except OSError as error:
            why = "another program uses it" if error.errno == errno.EADDRINUSE else system_reason(error)
            remedy = "Set engine.port in the config file to another, or to 0 for none"
            raise EngineError(f"port {port}: the engine cannot listen", why, remedy) from error
        yield one


def _clear(path: Path) -> None:
    """Removes the socket that an engine left behind when it was killed; refuses whatever else is there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        remedy = "Move it away, or name another path as engine.socket in the config file"
        raise EngineError(f"{path}: the engine cannot listen", "there is something else, no socket", remedy)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fsencode(path))
        except ConnectionRefusedError:
            path.unlink()
        except BlockingIOError:  # so many wait at it that it accepts no more
            raise _running("") from None
        except OSError as error:
            raise EngineError(f"{path}: the engine cannot listen", system_reason(error), _ELSEWHERE) from error
        else:
            raise _running(str(peer_of(probe).pid))


def _running(pid: str) -> RunningError:
    known = pid.isdecimal() and pid != "0"
    remedy = f"Use that one, or end it with `kill {pid}`" if known else "Use that one, or end it first"
    return RunningError("an engine is running already", f"pid {pid}" if known else "", remedy)


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


def _described(one: socket.socket) -> str:
    name = one.getsockname()
    if not is_tcp(one):
        return os.fsdecode(name)
    host, port, *_ = name
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
