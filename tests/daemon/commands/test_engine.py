"""`bshm engine --detach`, each time the real command and a real engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.engine.server.live import Live, live, until


class Detaching:
    """The place of an engine, and the command that is run for it."""

    def __init__(self, place: Live) -> None:
        self.place = place
        self.environment = {**os.environ, **place.environment}

    def begin(self, *words: str, cwd: Path = Path("/")) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "daemon", *words, "engine", "--detach"],
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, cwd: Path = Path("/")) -> tuple[int, str, str]:
        """The exit code and what was said; a terminal's reader would wait for an engine that kept it open."""
        with self.begin(*words, cwd=cwd) as process:
            out, err = process.communicate(timeout=100)
        return process.returncode, out, err

    @property
    def engines(self) -> list[psutil.Process]:
        """The processes that belong to this place, workers as well."""
        found = []
        for each in psutil.process_iter():
            try:
                words, variables = each.cmdline(), each.environ()
            except psutil.Error:
                continue
            if variables.get("XDG_RUNTIME_DIR") == str(self.place.folder) and "--detach" not in words:
                found.append(each)
        return found

    @property
    def engine(self) -> psutil.Process:
        return psutil.Process(self.place.status()["pid"])


@pytest.fixture
def detaching() -> Iterator[Detaching]:
    with _detaching("quality: fast\n") as one:
        yield one


@contextmanager
def _detaching(config: str) -> Iterator[Detaching]:
    with live(config, start=False) as place:
        one = Detaching(place)
        try:
            yield one
        finally:
            for each in one.engines:
                each.kill()
            psutil.wait_procs(one.engines, timeout=20)


def test_it_starts_one_prints_where_it_listens_and_leaves_it_running(detaching: Detaching, tmp_path: Path) -> None:
    assert detaching.run(cwd=tmp_path) == (0, f"{detaching.place.address}\n", "")
    engine = detaching.engine
    assert detaching.place.get("/readyz").status_code == 200
    assert os.getsid(engine.pid) == engine.pid  # a session of its own
    assert engine.terminal() is None
    assert engine.cwd() == "/"  # else nobody could unmount the folder it was started in
    nowhere = Path(os.devnull).resolve()
    assert {Path(f"/proc/{engine.pid}/fd/{number}").resolve() for number in range(3)} == {nowhere}
    assert "msg=ready" in (detaching.place.folder / "state/bshm/log/engine.log").read_text()

    assert detaching.run() == (0, f"{detaching.place.address}\n", "")
    assert detaching.engine.pid == engine.pid


def test_it_works_as_the_config_file_says_that_was_named(detaching: Detaching, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("memory:\n  longest_side: 2000\n")
    assert detaching.run("--config", "other.yaml", cwd=tmp_path)[0] == 0
    assert detaching.place.status()["settings"]["memory"]["longest_side"] == 2000


def test_many_at_once_end_up_with_one_engine(detaching: Detaching) -> None:
    several = [detaching.begin() for _ in range(4)]
    ended = [(*each.communicate(timeout=100), each.returncode) for each in several]
    assert ended == [(f"{detaching.place.address}\n", "", 0)] * 4
    until(lambda: len([each for each in detaching.engines if "engine" in each.cmdline()]) == 1)


def test_one_that_is_starting_is_waited_for(detaching: Detaching) -> None:
    detaching.place.start(wait=False)
    address = detaching.place.address
    until(address.with_name(f"{address.name}.lock").exists)  # it has taken the place, and loads its networks
    try:
        assert detaching.run() == (0, f"{detaching.place.address}\n", "")
        assert detaching.engine.pid == detaching.place.process.pid
    finally:
        detaching.place.stop()


def test_why_it_cannot_start_is_said_in_the_engines_own_words(detaching: Detaching) -> None:
    detaching.place.address.mkdir(parents=True)
    code, out, err = detaching.run()
    assert (code, out) == (3, "")
    assert err.startswith(f"{detaching.place.address}: the engine cannot listen: there is something else, no socket.")
    assert len(err.splitlines()) == 1
    assert detaching.engines == []


def test_networks_that_are_missing_are_said_and_nothing_is_left_behind(detaching: Detaching, tmp_path: Path) -> None:
    detaching.environment["XDG_DATA_HOME"] = str(tmp_path)
    code, out, err = detaching.run()
    assert (code, out) == (3, "")
    assert err.endswith("Run: bshm models pull centernet.\n")
    until(lambda: detaching.engines == [])


def test_a_wrong_config_file_is_said_before_anything_is_begun(detaching: Detaching) -> None:
    detaching.place.config.write_text("quality: none such\n")
    code, _, err = detaching.run()
    assert code == 2
    assert "line 1" in err
    assert not detaching.place.address.parent.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_interrupts_it_leaves_no_engine_behind(detaching: Detaching, number: signal.Signals) -> None:
    with detaching.begin() as process:
        until(lambda: any("engine" in each.cmdline() for each in detaching.engines))
        time.sleep(0.3)  # the engine's worker may be there too by now
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == 128 + number
    until(lambda: detaching.engines == [])
