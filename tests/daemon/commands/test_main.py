"""The command as a program of its own: how fast it starts, how it stops, what it leaves behind."""

from __future__ import annotations

import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from daemon.commands import main
from engine.version import own_version

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-c", "import sys; from daemon.commands import main; sys.exit(main())"]

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts the program in the folder of the test."""

    def popen(*words: str, **streams: int) -> subprocess.Popen[bytes]:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen([*PROGRAM, *words], cwd=tmp_path, env=environment, **streams)  # type: ignore[call-overload, no-any-return]

    return popen


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """More pictures than are done in the time of a test; of nobody, since only the files matter."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(400):
        Image.new("RGB", (40, 30), (90, 120, 150)).save(folder / f"{number:03}.png")
    return folder


def whole_results(folder: Path) -> int:
    """How many results there are, all of which can be read, and nothing else."""
    results = list(folder.iterdir())
    for each in results:
        assert each.name.endswith(".cutout.png")
        with Image.open(each) as picture:
            picture.load()
    return len(results)


def test_help_comes_at_once(start: Start) -> None:
    def seconds() -> float:
        """Of a processor, so that other programs' load does not count."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with start("--help") as running:
            assert running.communicate()[0].startswith(b"usage: bshm")
        assert running.returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


@pytest.mark.parametrize("words", [[], ["fly"], ["--fly"]])
def test_without_a_known_command_the_known_ones_are_shown(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert not stop.value.code
    assert capsys.readouterr().out == f"bshm {own_version()}\n"


def test_a_config_file_that_is_named_and_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "no.yaml"), "cutout", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/no.yaml: no such config file. Create it, or name another.\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "kill"])
def test_a_signal_ends_the_work_and_nothing_is_half_written(
    number: int, code: int, pictures: Path, tmp_path: Path, start: Start
) -> None:
    with start("cutout", str(pictures), "-o", "out") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        first = running.stdout.readline()
        running.send_signal(number)
        rest, said = running.communicate(timeout=30)
    assert running.returncode == code
    assert b"Traceback" not in said
    assert said.endswith(b"Stopped. What was finished stays.\n")
    assert b"not begun" in said
    printed = len([first, *rest.splitlines()])
    # One more may be there: a stop in the moment in which its writing begins lets it be finished, but not be told.
    assert printed <= whole_results(tmp_path / "out") <= printed + 1 < 400


@pytest.mark.parametrize("module", ["argparse", "engine.settings", "daemon.commands.program"])
def test_ctrl_c_is_no_traceback_while_the_program_still_starts(module: str, pictures: Path, tmp_path: Path) -> None:
    """Python says on standard error when it has imported a module; that is when the signal is sent."""
    command = [PROGRAM[0], "-X", "importtime", *PROGRAM[1:], "cutout", str(pictures), "-o", "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        while running.stderr.readline().split(b"|")[-1].strip() != module.encode():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert running.returncode == 130
    assert b"Traceback" not in rest
    assert b"Stopped. " in rest.splitlines()[-1]


def test_a_signal_that_is_ignored_stays_ignored(tmp_path: Path, start: Start) -> None:
    """As under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with start("cutout", "--help") as running:
            running.send_signal(signal.SIGHUP)
            running.communicate(timeout=30)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert running.returncode == 0


def test_a_reader_that_leaves_ends_the_work_quietly(pictures: Path, tmp_path: Path, start: Start) -> None:
    with start("cutout", str(pictures), "-o", "out") as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr is not None
        said = running.stderr.read()
    assert running.returncode == 128 + signal.SIGPIPE
    assert b"Traceback" not in said
    assert b"Exception ignored" not in said
    assert 0 < whole_results(tmp_path / "out") < 400


def test_a_reader_of_both_streams_that_leaves(pictures: Path, start: Start) -> None:
    """As in `bshm cutout ... 2>&1 | head -1`."""
    reading, writing = os.pipe()
    with start("cutout", str(pictures), "-o", "out", stdout=writing, stderr=writing) as running:
        os.close(writing)
        assert os.read(reading, 10)
        os.close(reading)
    assert running.returncode == 128 + signal.SIGPIPE


def test_on_a_terminal_a_bar_shows_how_far_it_is(astronaut: bytes, tmp_path: Path, start: Start) -> None:
    name = "[red]照片 " + "long " * 30  # wider than the terminal
    (tmp_path / f"{name}.jpg").write_bytes(astronaut)
    ours, theirs = pty.openpty()
    with start("cutout", f"{name}.jpg", "missing.jpg", stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 10_000):
                shown += part
        except OSError:  # Linux: the other end was closed
            os.close(ours)
    assert running.returncode == 1
    text = shown.decode()
    assert "cutting out" in text
    assert "0/1" in text
    assert f"{name}.cutout.png\r\n" in text
    assert "missing.jpg: cannot be read: no such file or directory." in text
    assert "1 done, 1 failed in" in text


def test_without_a_network_the_sentence_says_how_to_get_it(
    astronaut: bytes, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
    (tmp_path / "a.jpg").write_bytes(astronaut)
    with start("cutout", "a.jpg") as running:
        out, said = running.communicate()
    assert (running.returncode, out) == (3, b"")
    assert b"the network is not installed" in said
    assert b"Run: bshm models pull" in said


def test_a_device_that_cannot_be_used_is_an_error(astronaut: bytes, tmp_path: Path, start: Start) -> None:
    (tmp_path / "gpu.yaml").write_text("device: cuda\n")
    (tmp_path / "a.jpg").write_bytes(astronaut)
    with start("--config", "gpu.yaml", "cutout", "a.jpg") as running:
        _, said = running.communicate()
    assert running.returncode == 3
    assert b"device: cuda cannot be used" in said
