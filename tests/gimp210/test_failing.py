"""What goes wrong in GIMP 2.10 is a sentence, and nothing of the image has changed."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.types import Rgb8
from tests.engine.client.listening import json_reply, listening, problem, read_request
from tests.engine.server.live import Live, live, until
from tests.gimp.judging import Judge
from tests.gimp.running import Run
from tests.gimp210.kinds import HEIGHT, WIDTH
from tests.gimp210.running import Desk

pytestmark = pytest.mark.timeout(600)

PROGRAM = (sys.executable, "-m", "daemon")
BOTH = ("python_fu_bshm_cut_out", "python_fu_bshm_cut_out_new_layer")


def failed(run: Run, sentence: str) -> None:
    """Both entries said it, raised it for the script that called, and left the image alone; nobody saw a traceback."""
    assert run.code == 0, run.complaints
    for name in BOTH:
        assert run.facts[name] == {"raised": True, "unchanged": True, "dirty": False}, run.complaints
    said = [line for line in run.complaints.splitlines() if re.match("BSHM .*-(Warning|警告): ", line)]
    assert [sentence in line for line in said] == [True, True], run.complaints
    assert "Traceback" not in run.complaints


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ("nobody", "Nobody was found on 'photo', and it was left as it is."),
        ("nobody selected", "Nobody was found under the selection on 'photo', and it was left as it is."),
        ("floating", "The selection floats. Anchor it, or make it a layer of its own"),
        ("channel", "A channel is selected. Select the layer that is meant in the Layers dialog."),
        ("beside", "Nothing is selected on the layer 'photo'. Select a part of it, or select nothing"),
        ("between", "Nothing is selected on the layer 'photo'. Select a part of it, or select nothing"),
    ],
)
def test_no_layer_is_meant_or_nobody_is_on_it(desk: Desk, case: str, sentence: str) -> None:
    failed(replace(desk, environment={"BSHM_CASE": case}).run("failing"), sentence)


@pytest.fixture
def nowhere(desk: Desk, address: Path) -> Desk:
    """A GIMP whose plug-in looks for the engine where there is none."""
    return replace(desk, sockets=address.parent, environment={"BSHM_CASE": "plain"})


def test_a_path_that_is_no_utf8_is_said_as_far_as_it_can_be(desk: Desk) -> None:
    elsewhere = {"BSHM_CASE": "plain", "BSHM_SOCKET": os.fsdecode(b"/nowhere/\xff\xe9/engine.sock")}
    run = replace(desk, environment=elsewhere).run("failing")
    failed(run, "No engine is running at /nowhere/\ufffd\ufffd/engine.sock,")


def test_no_engine_runs(nowhere: Desk) -> None:
    failed(nowhere.run("failing"), "does not know how to start it. Paste in a terminal: bshm engine --detach")


def test_in_chinese(nowhere: Desk) -> None:
    chinese = replace(nowhere, environment={**nowhere.environment, "LANGUAGE": "zh_CN", "LANG": "C.UTF-8"})
    failed(chinese.run("failing"), "没有引擎在运行")


def test_the_engine_is_not_installed_any_more(nowhere: Desk) -> None:
    installation = {"version": "0.1.0", "command": ["/nowhere/bin/bshm"], "socket": None}
    sentence = (
        "could not be started: /nowhere/bin/bshm: No such file or directory. Install it again: ./install.sh --gimp"
    )
    failed(replace(nowhere, installation=installation).run("failing"), sentence)


def test_the_engine_cannot_start(nowhere: Desk, tmp_path: Path) -> None:
    """The sentence is the command's own."""
    (tmp_path / "config.yaml").write_text("device: toaster\n", encoding="utf-8")
    words = [*PROGRAM, "--config", str(tmp_path / "config.yaml")]
    installation = {"version": "0.1.0", "command": on_this_machine(words), "socket": None}
    run = replace(nowhere, installation=installation, machine=True).run("failing")
    failed(run, "The engine could not be started. It says: ")
    assert "toaster" in run.complaints


def on_this_machine(words: list[str]) -> list[str]:
    """Runs outside of the root, in the project's folder."""
    project = Path(__file__).parents[2]
    shell = f'cd "{project}" && exec "$@"'
    return ["chroot", "/mnt/machine", "/bin/sh", "-c", shell, "sh", *words]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (problem("busy", "503 Busy", "full", Retry_After="100"), "The engine is busy. Try again in a moment."),
        (json_reply({"hello": "there"}), "is no engine that this plug-in knows"),
        (b"SSH-2.0-OpenSSH\r\n", "is no engine that this plug-in knows"),
        (
            json_reply({"detail": "Not Found"}, "404 Not Found"),
            "The engine and this plug-in are of different versions.",
        ),
    ],
    ids=["busy", "another program", "another protocol", "too old"],
)
def test_what_listens_takes_no_layers(nowhere: Desk, answer: bytes, sentence: str) -> None:
    """All calls but the question whether it is ready are answered so."""

    def turn(peer: socket.socket) -> None:
        line = read_request(peer).line
        busy = b"Retry-After: 100" in answer
        peer.sendall(json_reply({"state": "ready"}) if busy and "/readyz" in line else answer)

    with listening(nowhere.sockets / "engine.sock", turn):
        failed(nowhere.run("failing"), sentence)


def test_the_engine_refuses_the_layer(desk: Desk) -> None:
    with live("limits: {megapixels: 0.01}\n") as engine:
        here = replace(desk, sockets=engine.address.parent, environment={"BSHM_CASE": "plain"})
        failed(here.run("failing"), "The engine refused the layer. It says: ")


def at_work(engine: Live) -> bool:
    return bool(engine.status()["queue"]["running"] == 1)


def killed_at_work(engine: Live) -> None:
    """The plug-in is, as Cancel in GIMP 2.10 does it; the engine has to notice, and GIMP to go on with the next."""
    for _ in BOTH:
        cancelled = engine.status()["counts"]["cancelled"]
        until(lambda: at_work(engine), 60)
        plug_in().kill()
        until(lambda before=cancelled: engine.status()["counts"]["cancelled"] == before + 1, 20)
        until(lambda: not at_work(engine), 20)


def plug_in() -> psutil.Process:
    """The plug-in's process, in a GIMP that these tests started."""
    ours = psutil.Process().children(recursive=True)
    (found,) = [
        each for each in ours if {"-run"} < set(words := each.cmdline()) and "bshm-cut-out.py" in " ".join(words)
    ]
    return found


def test_cancelling_ends_the_job_in_the_engine(desk: Desk, resident: Live) -> None:
    here = replace(desk, environment={"BSHM_CASE": "plain"})
    run = here.run("failing", meanwhile=lambda: killed_at_work(resident))
    assert [run.facts[name] for name in BOTH] == [{"raised": True, "unchanged": True, "dirty": False}] * 2


def test_the_engine_is_killed_at_work(desk: Desk) -> None:
    """The first run sees it end, the second does not find it."""
    with live("") as engine:

        def kill() -> None:
            until(lambda: at_work(engine), 60)
            os.kill(engine.process.pid, signal.SIGKILL)

        here = replace(desk, sockets=engine.address.parent, environment={"BSHM_CASE": "plain"})
        run = here.run("failing", meanwhile=kill)
    assert [run.facts[name] for name in BOTH] == [{"raised": True, "unchanged": True, "dirty": False}] * 2
    assert "The engine ended while it was at work. Nothing was changed." in run.complaints
    assert "No engine is running at " in run.complaints


def test_where_none_runs_one_is_started(nowhere: Desk, judge: Judge, photo: Rgb8, tmp_path: Path) -> None:
    """By the installed command, and the layer goes through it."""
    config = tmp_path / "config.yaml"
    config.write_text("quality: fast\n", encoding="utf-8")
    words = ["env", f"HOME={Path.home()}", f"XDG_STATE_HOME={tmp_path}", *PROGRAM, "--config", str(config)]
    installation = {"version": "0.1.0", "command": on_this_machine(words), "socket": None}
    run = replace(nowhere, installation=installation, machine=True).run("once")
    assert (run.code, run.alarms) == (0, []), run.complaints
    (judge.shared / f"source-{WIDTH}x{HEIGHT}.rgb").write_bytes(photo.tobytes())
    matte = judge.matte(f"source-{WIDTH}x{HEIGHT}.rgb", {})
    np.testing.assert_array_equal(run.samples(run.facts["once"]["mask"], WIDTH, HEIGHT), matte)
    assert run.facts["once"]["entries"] == [
        [f"python-fu-bshm-cut-out{more}", f"<Image>/Layer/BSHM Cut Out{label}", "RGB*, GRAY*, INDEXED*"]
        for more, label in (("", ""), ("-new-layer", " to New Layer"))
    ]
