"""`bshm cutout` and an engine that starts again, stays away or is broken: on real Unix sockets, a server says so.

What the real engine does by itself when it ends is in test_cutout_resident_end.py.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from engine.errors import NetworkError
from engine.types import Report
from engine.version import own_version
from tests.daemon.commands.running import Bshm, blank, many
from tests.engine.client.listening import cut_out_reply, json_reply, listening, problem, read_request

UNAVAILABLE = "503 Service Unavailable"
REPORT = asdict(Report(300, 200, (), "CPU", {"matte": 1.0}))
DAMAGED = {"type": "urn:bshm:problem:network", "what": "modnet: the network is damaged"}
MENDED = {**DAMAGED, "remedy": "Run: bshm models pull modnet"}


class Speaking:
    """A server with the engine's words. state: what it says of itself. why: of what is broken.

    falls: pictures that it hangs up on, each time "starting" again. refuses: answers all other pictures with this.
    settings: those that it names.
    """

    def __init__(self, state: str = "ready", why: dict[str, str] | None = None) -> None:
        self.state, self.why = state, why or {}
        self.falls = 0
        self.refuses = b""
        self.settings: dict[str, str] = {}
        self.cut_outs: list[str] = []
        self._lock = threading.Lock()

    def turn(self, peer: socket.socket) -> None:
        with self._lock:
            peer.sendall(self._answer(read_request(peer).line.split()[1]))

    def _answer(self, target: str) -> bytes:
        ready = self.state == "ready"
        if target == "/v1/status":
            about: dict[str, Any] = {"pid": 7, "device": "CPU", "state": self.state, "version": own_version()}
            return json_reply({**about, "settings": self.settings})
        if target == "/readyz":
            return json_reply({"state": self.state, **self.why}, "200 OK" if ready else UNAVAILABLE)
        self.cut_outs.append(target)
        if self.falls:
            self.falls -= 1
            self.state = "starting"
            return b""
        return self.refuses or cut_out_reply(REPORT, {"cutout": b"of the engine"})


@pytest.fixture
def speaking(address: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Speaking]:
    monkeypatch.setenv("BSHM_SOCKET", str(address))
    one = Speaking()
    with listening(address, one.turn):
        yield one


class TestStartsAgain:
    @pytest.mark.usefixtures("no_networks_here")
    def test_it_is_waited_for_longer_than_one_that_is_gone(
        self, tmp_path: Path, speaking: Speaking, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("daemon.resident._COMES_BACK", 0.2)
        speaking.falls = 1
        started = threading.Timer(1.5, setattr, (speaking, "state", "ready"))
        started.start()
        ran = bshm(many(tmp_path / "in", 6), "-o", tmp_path / "out")
        started.join()
        assert (ran.code, len(ran.results)) == (0, 6)
        assert len(speaking.cut_outs) == 7

    def test_where_that_takes_too_long_the_run_goes_on_in_this_process(
        self, tmp_path: Path, speaking: Speaking, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("daemon.resident._COMES_BACK", 0.2)
        monkeypatch.setattr("daemon.resident._STARTS", 0.6)
        speaking.falls = 3
        ran = bshm(many(tmp_path / "in", 6), "-o", tmp_path / "out")
        assert (ran.code, len(ran.results)) == (0, 6)
        assert ran.messages.count("From here on, networks run in this process.") == 1
        assert "the resident engine does not come back: the engine is starting. From here on" in ran.messages

    def test_where_it_comes_back_broken_the_run_goes_on_in_this_process(
        self, tmp_path: Path, speaking: Speaking, bshm: Bshm
    ) -> None:
        speaking.falls, speaking.why = 1, {**MENDED, "state": "broken"}
        ran = bshm(many(tmp_path / "in", 3), "-o", tmp_path / "out")
        assert (ran.code, len(ran.results)) == (0, 3)
        said = (
            "modnet: the network is damaged. Run: bshm models pull modnet. From here on, networks run in this process."
        )
        assert ran.messages.count(said) == 1

    def test_where_it_comes_back_as_another_the_run_goes_on_in_this_process(
        self, tmp_path: Path, speaking: Speaking, bshm: Bshm
    ) -> None:
        def come_back() -> None:
            speaking.settings, speaking.state = {"licences": "permissive"}, "ready"

        speaking.falls = 3
        started = threading.Timer(0.3, come_back)
        started.start()
        ran = bshm(many(tmp_path / "in", 6), "-o", tmp_path / "out")
        started.join()
        assert (ran.code, len(ran.results)) == (0, 6)
        other = "the resident engine came back as another: its setting 'licences' is permissive, and here it is all."
        assert ran.messages.count(other) == 1

    def test_where_networks_do_not_run_in_this_process_either_nothing_more_is_begun(
        self, tmp_path: Path, speaking: Speaking, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_networks(_: object) -> None:
            raise NetworkError("modnet: the network is not installed")

        monkeypatch.setattr("engine.pipeline.Engine", no_networks)
        speaking.falls, speaking.why = 3, {**DAMAGED, "state": "broken"}
        ran = bshm(many(tmp_path / "in", 6), "-o", tmp_path / "out")
        assert ran.code == 3
        assert ran.messages.count("and the networks do not run in this process either: modnet: the network is") == 1
        assert "0 done, 1 failed, 5 not begun" in ran.messages


def test_where_its_networks_are_lost_the_run_goes_on_in_this_process(
    tmp_path: Path, speaking: Speaking, bshm: Bshm
) -> None:
    speaking.refuses = problem("network", UNAVAILABLE, "modnet: the network is damaged")
    ran = bshm(many(tmp_path / "in", 3), "-o", tmp_path / "out")
    assert (ran.code, len(ran.results)) == (0, 3)
    assert ran.messages.count("modnet: the network is damaged: so it is. From here on, networks run in this") == 1


class TestNotUsed:
    @pytest.mark.parametrize(
        ("why", "said"),
        [
            (MENDED, "modnet: the network is damaged. Run: bshm models pull modnet."),
            (DAMAGED, "modnet: the network is damaged. See: bshm status."),
            ({"type": "urn:bshm:problem:config", "what": "the config is no good"}, "the config is no good. See: "),
        ],
    )
    def test_one_that_is_broken(
        self, why: dict[str, str], said: str, tmp_path: Path, speaking: Speaking, bshm: Bshm
    ) -> None:
        speaking.state, speaking.why = "broken", why
        ran = bshm(blank(tmp_path / "a.png"))
        assert ran.code == 0
        assert f"The resident engine is not used: {said}" in ran.messages
        assert "Networks run in this process." in ran.messages
        assert speaking.cut_outs == []

    def test_one_that_is_stopping(self, tmp_path: Path, speaking: Speaking, bshm: Bshm) -> None:
        speaking.state = "stopping"
        ran = bshm(blank(tmp_path / "a.png"))
        assert ran.code == 0
        assert "The resident engine is not used: the engine is stopping. " in ran.messages

    @pytest.mark.usefixtures("no_networks_here")
    def test_one_that_was_just_started_is_waited_for(self, tmp_path: Path, speaking: Speaking, bshm: Bshm) -> None:
        speaking.state = "starting"
        started = threading.Timer(0.3, setattr, (speaking, "state", "ready"))
        started.start()
        assert bshm(blank(tmp_path / "a.png")).code == 0
        started.join()
        assert len(speaking.cut_outs) == 1


@pytest.mark.parametrize(("pictures", "priority"), [(1, "interactive"), (2, "batch")])
def test_for_a_single_picture_a_person_waits(
    pictures: int, priority: str, tmp_path: Path, speaking: Speaking, bshm: Bshm
) -> None:
    assert bshm(many(tmp_path, pictures)).code == 0
    assert len(speaking.cut_outs) == pictures
    assert all(f"priority={priority}" in each for each in speaking.cut_outs)
