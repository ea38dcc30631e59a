"""One engine listens at an address: a live one is never stolen from, and a killed one leaves nothing in the way."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.errors import EngineError, RunningError
from engine.server.sockets import listen, still_there
from engine.settings import Resident, Settings

NOBODY = 65534

# Listens, says so, and waits to be killed.
LISTENER = """
import sys, time
from engine.errors import BshmError
from engine.server.sockets import listen
from engine.settings import Resident, Settings
try:
    with listen(Settings(engine=Resident(socket=sys.argv[1]))) as listening:
        print("listening", flush=True)
        sys.stdin.read()
except BshmError as error:
    print(error, flush=True)
"""


def at(path: Path, port: int = 0) -> Settings:
    return Settings(engine=Resident(socket=str(path), port=port))


@pytest.fixture
def path(short: Path) -> Path:
    return short / "run" / "s"


@contextmanager
def another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that listens there, or says why not."""
    command = [sys.executable, "-c", LISTENER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(path))


def mode(path: Path) -> int:
    return path.lstat().st_mode & 0o7777


class TestOwn:
    @pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
    def test_folder_and_socket_are_this_users_alone(self, path: Path, mask: int) -> None:
        before = os.umask(mask)
        try:
            with listen(at(path)) as listening:
                assert (mode(path.parent), mode(path), mode(Path(f"{path}.lock"))) == (0o700, 0o600, 0o600)
                assert listening.token is None
                assert listening.described == str(path)
                connect(path)
            assert os.umask(mask) == mask
        finally:
            os.umask(before)

    def test_it_goes_with_the_engine(self, path: Path) -> None:
        with listen(at(path)) as listening:
            assert path.is_socket()
        assert not path.exists()
        assert listening.sockets[0].fileno() == -1
        with listen(at(path)):
            connect(path)

    def test_what_was_put_into_its_place_stays(self, path: Path) -> None:
        with listen(at(path)):
            path.unlink()
            path.write_text("mine")
        assert path.read_text() == "mine"

    def test_a_socket_that_was_removed_meanwhile_is_not_missed(self, path: Path) -> None:
        with listen(at(path)):
            path.unlink()

    def test_a_name_may_have_any_bytes(self, short: Path) -> None:
        path = short / os.fsdecode(b"\xff \xe4\xba\xba")
        with listen(at(path)):
            connect(path)


class TestStillThere:
    def test_while_nobody_touches_it(self, path: Path) -> None:
        with listen(at(path)) as listening:
            assert still_there(listening)

    @pytest.mark.parametrize("remove", [Path.unlink, lambda path: shutil.rmtree(path.parent)], ids=["file", "folder"])
    def test_not_once_it_is_removed(self, path: Path, remove: Callable[[Path], None]) -> None:
        with listen(at(path)) as listening:
            remove(path)
            assert not still_there(listening)

    def test_nor_where_its_folder_is_something_else_now(self, path: Path) -> None:
        with listen(at(path)) as listening:
            shutil.rmtree(path.parent)
            path.parent.touch()
            assert not still_there(listening)

    def test_another_socket_in_its_place_is_not_it(self, path: Path) -> None:
        with listen(at(path)) as listening, socket.socket(socket.AF_UNIX) as other:
            path.rename(f"{path}.ours")  # its inode stays taken, so that the other's is another
            other.bind(str(path))
            assert not still_there(listening)

    def test_a_socket_that_another_program_made_is_that_programs(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket(socket.AF_UNIX) as given:
            given.bind(str(path.parent.parent / "given"))
            given.listen()
            monkeypatch.setattr("engine.server.sockets.handed_over", lambda: [given.dup()])
            with listen(at(path)) as listening:
                (path.parent.parent / "given").unlink()
                assert still_there(listening)


class TestOneAtATime:
    def test_a_second_one_is_told_who_runs(self, path: Path) -> None:
        with listen(at(path)):
            with another(path) as second:
                assert first_line(second) == (
                    f"an engine is running already: pid {os.getpid()}. "
                    f"Use that one, or end it with `kill {os.getpid()}`."
                )
            connect(path)

    def test_of_many_that_start_at_once_one_listens(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        with another(path) as a, another(path) as b, another(path) as c:
            said = sorted(map(first_line, (a, b, c)))
        assert said[0].startswith("an engine is running already")
        assert said[1].startswith("an engine is running already")
        assert said[2] == "listening"

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
    def test_what_a_killed_one_leaves_is_taken_over(self, path: Path, how: signal.Signals) -> None:
        with another(path) as first:
            assert first_line(first) == "listening"
            first.send_signal(how)
            first.wait()
        assert path.is_socket()
        with pytest.raises(ConnectionRefusedError):
            connect(path)
        with listen(at(path)):
            connect(path)

    def test_a_program_that_listens_without_our_lock_is_not_stolen_from(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen(0)
            with pytest.raises(RunningError, match=f"running already: pid {os.getpid()}"), listen(at(path)):
                pass
            with suppress(BlockingIOError), socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
                one.setblocking(False)
                two.setblocking(False)
                one.connect(str(path))
                two.connect(str(path))  # now nobody can connect until it accepts
            with pytest.raises(RunningError, match=r"running already"), listen(at(path)):
                pass
            assert path.is_socket()

    def test_one_that_only_begins_to_start_is_in_the_way_too(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        with Path(f"{path}.lock").open("w", encoding="ascii") as lock:
            lock.write("4321\n")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(RunningError, match=r"running already: pid 4321\."), listen(at(path)):
                pass
            lock.truncate(0)
            with pytest.raises(RunningError, match=r"running already\. Use that one"), listen(at(path)):
                pass

    def test_a_failed_start_lets_go_of_the_lock(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        path.write_text("in the way")
        with pytest.raises(EngineError), listen(at(path)):
            pass
        path.unlink()
        with listen(at(path)):
            connect(path)


class TestRefusals:
    @pytest.mark.parametrize("make", [Path.touch, Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
    def test_what_is_no_socket_is_never_deleted(self, path: Path, make: Callable[[Path], None]) -> None:
        path.parent.mkdir(mode=0o700)
        make(path)
        with pytest.raises(EngineError, match=r"there is something else, no socket\. Move it away"), listen(at(path)):
            pass
        assert path.lstat()

    def test_a_socket_of_another_kind_is_never_deleted(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.bind(str(path))
            with pytest.raises(EngineError, match="the engine cannot listen: protocol wrong type"), listen(at(path)):
                pass
            assert path.is_socket()

    @pytest.mark.parametrize("bits", [0o770, 0o707, 0o1777])
    def test_a_folder_that_others_can_write_is_refused(self, path: Path, bits: int) -> None:
        path.parent.mkdir()
        path.parent.chmod(bits)
        sentence = f"other users can write into the folder. Make it yours alone with `chmod 700 {path.parent}`"
        with pytest.raises(EngineError, match=sentence), listen(at(path)):
            pass

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
    def test_a_folder_of_another_user_is_refused(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700)
        os.chown(path.parent, NOBODY, NOBODY)
        with pytest.raises(EngineError, match="the folder is another user's"), listen(at(path)):
            pass

    def test_a_folder_that_cannot_be_made_is_a_sentence(self, short: Path) -> None:
        (short / "file").touch()
        with pytest.raises(EngineError, match="file/run: cannot be made: not a directory"):
            listen(at(short / "file" / "run" / "s")).__enter__()


class TestTcp:
    @staticmethod
    def free_port() -> int:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            return port

    def test_it_is_on_the_loopback_beside_the_socket_and_has_a_token(self, path: Path) -> None:
        port = self.free_port()
        with listen(at(path, port)) as listening:
            assert [one.family for one in listening.sockets] == [socket.AF_UNIX, socket.AF_INET]
            assert listening.sockets[1].getsockname() == ("127.0.0.1", port)
            assert listening.token == (path.parent / "engine.token").read_text().strip()
            assert listening.described == f"{path} and http://127.0.0.1:{port}"
            socket.create_connection(("127.0.0.1", port)).close()
            first = listening.token
        with listen(at(path, port)) as listening:
            assert listening.token == first

    def test_a_port_in_use_is_a_sentence_and_leaves_no_socket(self, path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(EngineError, match=f"port {port}: the engine cannot listen: another program uses it"):
                listen(at(path, port)).__enter__()
        assert not path.exists()
