"""The client before it has an answer: where the engine is looked for, and how long one that starts is waited for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.client import Client
from engine.errors import AccessError, BusyError, ConfigError, EngineError, NetworkError, NotRunningError
from tests.engine.client.listening import json_reply, listening, quick, read_request, saying


class TestWithoutAnAddress:
    def test_it_is_where_the_variable_says(self, address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BSHM_SOCKET", str(address))
        with listening(address, saying(json_reply({"pid": 7}))):
            assert Client().status() == {"pid": 7}

    def test_it_is_where_the_engine_listens_by_default(self, address: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("BSHM_SOCKET", raising=False)
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(address.parent))
        (address.parent / "bshm").mkdir()
        with listening(address.parent / "bshm" / "engine.sock", saying(json_reply({"pid": 7}))):
            assert Client().status() == {"pid": 7}

    def test_a_path_that_no_socket_can_have(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BSHM_SOCKET", "/" + "x" * 120)
        with pytest.raises(ConfigError, match="too long for a socket's path"):
            Client()


class TestStarting:
    def test_no_socket(self, address: Path) -> None:
        with pytest.raises(NotRunningError) as raised:
            Client(address).status()
        assert str(raised.value) == f"no engine is running at {address}. Start it with: bshm engine."

    def test_a_socket_that_nobody_listens_at(self, address: Path) -> None:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(address))
        with pytest.raises(NotRunningError):
            Client(address).status()

    def test_a_socket_of_somebody_else(
        self, address: Path, as_nobody: Callable[[Callable[[], object]], object]
    ) -> None:
        with listening(address, saying(json_reply({}))):
            address.parent.chmod(0o700)
            with pytest.raises(AccessError, match="may not be used: it belongs to another user"):
                as_nobody(Client(address).status)

    def test_a_path_that_no_socket_can_have(self, address: Path) -> None:
        with pytest.raises(EngineError, match="cannot be reached"):
            Client(address.parent / ("x" * 120)).status()

    def test_it_is_waited_for(self, address: Path) -> None:
        starting = json_reply({"state": "starting"}, "503 Service Unavailable")
        ending = saying(b"")  # one that ends takes a connection and drops it
        turns = [ending, saying(starting), saying(starting), saying(json_reply({"state": "asleep"}))]
        got: list[str] = []
        waiting = threading.Thread(target=lambda: got.append(Client(address).wait_until_ready(20)))
        waiting.start()
        time.sleep(0.2)  # nothing is there yet
        with listening(address, *turns):
            waiting.join()
        assert got == ["asleep"]

    def test_waiting_has_an_end(self, address: Path) -> None:
        before = time.monotonic()
        with pytest.raises(NotRunningError):
            Client(address).wait_until_ready(0.3)
        assert time.monotonic() - before < 1

    def test_one_that_starts_is_waited_for_longer_than_one_that_is_gone(self, address: Path) -> None:
        begun = time.monotonic()

        def turn(peer: socket.socket) -> None:
            read_request(peer)
            starting = time.monotonic() - begun < 1.5
            content = {"state": "starting" if starting else "ready"}
            peer.sendall(json_reply(content, "503 Service Unavailable" if starting else "200 OK"))

        with listening(address, turn):
            assert Client(address).wait_until_ready(20, gone=0.5) == "ready"
        with pytest.raises(NotRunningError):
            Client(address).wait_until_ready(20, gone=0.5)
        assert time.monotonic() - begun < 10

    def test_a_start_that_never_ends_is_not_waited_for(self, address: Path) -> None:
        starting = json_reply({"state": "starting"}, "503 Service Unavailable")
        with listening(address, saying(starting)), pytest.raises(BusyError, match="the engine is starting"):
            Client(address).wait_until_ready(1, gone=0.1)

    def test_an_engine_that_cannot_work_is_not_waited_for(self, address: Path) -> None:
        broken = {"state": "broken", "type": "urn:bshm:problem:network", "what": "modnet: the network is not installed"}
        refusal = json_reply(broken, "503 Service Unavailable")
        with listening(address, saying(refusal)) as served, pytest.raises(NetworkError, match="is not installed"):
            Client(address).wait_until_ready(20)
        assert len(served) == 1

    def test_more_callers_than_the_listener_lets_wait(self, address: Path) -> None:
        """connect(2) fails at once on a Unix socket whose queue is full."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen(0)
            got: list[dict[str, object]] = []
            callers = [
                threading.Thread(target=lambda: got.append(Client(address, timeout=10).status())) for _ in range(6)
            ]
            for each in callers:
                each.start()
            time.sleep(0.1)
            for _ in callers:
                peer, _ = listener.accept()
                with peer:
                    saying(json_reply({}))(peer)
            for each in callers:
                each.join()
            assert got == [{}] * 6
            with socket.socket(socket.AF_UNIX) as waiting:
                waiting.connect(str(address))
                with pytest.raises(EngineError, match="is silent: it takes no more connections"):
                    quick(address).status()
