"""Sockets come from systemd as its manual says: from descriptor 3 on, with their number in the environment."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.server.sockets import listen
from engine.settings import Resident, Settings
from tests.engine.server.edge import on_unix

# Stands for systemd: puts the inherited descriptors in their places, and becomes the program.
STARTER = """
import os, sys
count, *descriptors = map(int, sys.argv[1].split(","))
for number, each in enumerate(descriptors):
    os.dup2(each, 50 + number)
for number in range(len(descriptors)):
    os.dup2(50 + number, 3 + number, inheritable=True)
    os.close(50 + number)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
os.environ["LISTEN_FDS"] = str(count)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[2:]])
"""
# Stands for the engine: tells what it listens on, and answers one connection.
ENGINE = """
import os, sys
from engine.errors import BshmError
from engine.server.sockets import listen
from engine.settings import Resident, Settings
try:
    with listen(Settings(engine=Resident(socket=sys.argv[1], port=int(sys.argv[2])))) as listening:
        print(listening.described, bool(listening.token), [each for each in os.environ if each.startswith("LISTEN_")])
        print([each.get_inheritable() for each in listening.sockets])
except BshmError as error:
    print(error)
print(os.path.exists(sys.argv[1]))
"""


def start(
    path: Path, *sockets: socket.socket, port: int = 0, count: int | None = None, **environment: str
) -> list[str]:
    """The lines that the engine says which is started with these sockets."""
    descriptors = [one.fileno() for one in sockets]
    numbers = ",".join(map(str, [len(sockets) if count is None else count, *descriptors]))
    ran = subprocess.run(
        [sys.executable, "-c", STARTER, numbers, ENGINE, str(path), str(port)],
        env={**os.environ, "LISTEN_FDNAMES": "engine.socket:second", **environment},
        pass_fds=descriptors,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    return ran.stdout.splitlines()


def test_the_socket_is_taken_over_and_stays_when_the_engine_ends(short: Path) -> None:
    short.chmod(0o700)
    with on_unix(short / "s") as handed:
        for _ in range(2):
            said = start(short / "s", *handed.sockets)
            assert said == [f"{short}/s False []", "[False]", "True"]


def test_a_socket_of_tcp_is_guarded_by_the_token(short: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
        assert start(short / "s", one, port=1025) == [f"http://127.0.0.1:{port} True []", "[False]", "False"]


def test_several_are_taken(short: Path) -> None:
    try:
        second = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with on_unix(short / "s") as handed, second as one:
        port = one.getsockname()[1]
        said = start(short / "s", *handed.sockets, one)
        assert said[0] == f"{short}/s and http://[::1]:{port} True []"


def test_sockets_that_are_meant_for_another_process_are_left_alone(short: Path) -> None:
    with on_unix(short / "other") as handed:
        said = start(short / "s", *handed.sockets, LISTEN_PID="1")
        assert said == [f"{short}/s False []", "[False]", "False"]


def test_one_that_other_machines_reach_is_refused(short: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as one:  # noqa: S104  # what is refused here
        said = start(short / "s", one)
    assert said[0].startswith("systemd's socket 'engine.socket' cannot be used: other machines can reach it. Give")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_one_that_does_not_listen_is_refused(short: Path, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_UNIX, kind) as one:
        one.bind(str(short / "s"))
        said = start(short / "s", one)
    assert said[0].startswith("systemd's socket 'engine.socket' cannot be used: it is no stream socket that listens.")


def test_a_number_that_is_too_high_is_a_sentence(short: Path) -> None:
    with on_unix(short / "s") as handed:
        said = start(short / "s", *handed.sockets, count=3)
    assert said[0].startswith("systemd's socket 'second' cannot be used: ")


def test_an_engine_that_runs_already_is_not_doubled(short: Path) -> None:
    with on_unix(short / "handed") as handed, listen(Settings(engine=Resident(socket=str(short / "s")))):
        said = start(short / "s", *handed.sockets)
    assert said[0].startswith(f"an engine is running already: pid {os.getpid()}.")
