"""Who may use the engine: this user over the Unix socket; over TCP, who has the token and is no web page."""

from __future__ import annotations

import os
import re
import secrets
import socket
import stat
import struct
import tempfile
from asyncio.trsock import TransportSocket
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from engine.errors import AccessError, EngineError, RequestError, system_reason
from engine.server.refusal import Refusal, refusal

_UCRED = struct.Struct("=iII")  # struct ucred of unix(7)
_TOKEN = re.compile(rb"[A-Za-z0-9._~+/-]{32,512}=*")  # b64token of RFC 6750, 2.1, in a length that nobody guesses
_BEARER = re.compile(rb"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_RENEW = "Delete it, and start the engine again: it makes a new one"
_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class Peer(NamedTuple):
    """The process at the other end of a Unix socket: the one that connected, or the one that listens."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket | TransportSocket) -> Peer:
    """What the kernel says of the other end (SO_PEERCRED of unix(7)); the process id is 0 in another namespace."""
    return Peer(*_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)))


def stranger(peer: Peer) -> AccessError | None:
    """Why this process is not served; None for one of the engine's own user, or of root."""
    if peer.uid in (os.geteuid(), 0):
        return None
    return AccessError(
        "the engine does not serve this user",
        f"it is user {os.geteuid()}'s, and user {peer.uid} asks",
        "Start an engine of your own with `bshm engine`",
    )


def refused_over_tcp(headers: Iterable[tuple[bytes, bytes]], port: int, token: str | None) -> Refusal | None:
    """Why a request over TCP is not served, or None. headers: with names in lower case. port: the one it came to.

    The Host keeps out web pages whose name was made to point here (DNS rebinding), Origin those that ask openly.
    """
    said: dict[bytes, list[bytes]] = {b"host": [], b"origin": [], b"authorization": []}
    for name, value in headers:
        if name in said:
            said[name].append(value)
    if [each.lower() for each in said[b"host"]] not in [[f"{host}:{port}".encode("ascii")] for host in _HOSTS]:
        what = "the request is meant for another server"
        return refusal(RequestError(what, f"its Host is not 127.0.0.1:{port} or localhost:{port}", status=421))
    if said[b"origin"]:
        return refusal(AccessError("the engine does not serve web pages", "the request has an Origin"))
    brought = [_BEARER.fullmatch(each) for each in said[b"authorization"]]
    if len(brought) != 1 or not token or not _is(token, brought[0]):
        remedy = "Send `Authorization: Bearer TOKEN` with the token of the file engine.token beside the engine's socket"
        error = AccessError("the engine's token is missing or wrong", remedy=remedy)
        return refusal(error, 401, (b"www-authenticate", b'Bearer realm="bshm"'))
    return None


def _is(token: str, brought: re.Match[bytes] | None) -> bool:
    return brought is not None and secrets.compare_digest(brought[1], token.encode("ascii"))


def own_token(path: Path) -> str:
    """The token in a file, which is made where there is none. To be called while no other engine can be started.

    Raises EngineError for a file that others can read, and for one without a token.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EngineError(f"{path}: the token cannot be read", system_reason(error)) from error
    token = secrets.token_urlsafe(32)
    try:
        _write(path, f"{token}\n".encode("ascii"))
    except OSError as error:
        raise EngineError(f"{path}: the token cannot be written", system_reason(error)) from error
    return token


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, so that no half a token is left by a full disk or a crash."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".token-")  # of mode 0600 from the first moment
    made = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def _read(path: Path) -> str:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise EngineError(f"{path}: the token is no secret", "other users can read the file", _RENEW)
        token = file.read(1024).strip()
    if not _TOKEN.fullmatch(token):
        raise EngineError(f"{path}: there is no token in it", "a token is 32 letters and digits or more", _RENEW)
    return token.decode("ascii")
