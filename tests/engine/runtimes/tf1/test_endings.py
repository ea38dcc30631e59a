"""The process ends, or does not answer: killed, stopped, or left behind by who started it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import numpy as np
import psutil
import pytest

from engine.errors import DeviceError
from engine.runtimes import Tensor
from engine.runtimes.tf1.failures import Tf1HungError, Tf1LostError
from engine.runtimes.tf1.process import Pixels, Tf1Process
from engine.runtimes.tf1.runtime import Tf1Runtime
from engine.runtimes.tf1.session import Tf1Session
from tests.engine.models.making import network
from tests.engine.runtimes.tf1.pictures import ENDLESS, SECONDS, as_it_computes, busy, looping, noise, until, workers

BSHM = network(name="bshm")
DEADLINE = 20.0


@pytest.fixture
def session(tensorflow_1: Path, graphs: Path) -> Iterator[Tf1Session]:
    loaded = Tf1Runtime(tensorflow_1, "cpu", 0.9, True, DEADLINE).load(BSHM, graphs / "red.pb")
    yield loaded
    loaded.close()


def tensor(picture: Pixels) -> Tensor:
    return np.asarray(picture.transpose(2, 0, 1)[None], np.float32)


def is_red(outputs: tuple[Tensor, ...], picture: Pixels) -> bool:
    (alpha,) = outputs
    assert alpha.dtype == np.float32
    return np.array_equal(alpha, picture[None, None, ..., 0] / np.float32(255))


def test_a_session_gives_planes_between_0_and_1(session: Tf1Session) -> None:
    picture = noise(20, 30)
    assert is_red(session.run(tensor(picture)), picture)
    assert session.device == "CPU, TensorFlow 1.15.5"


class TestKilled:
    def test_the_next_run_starts_another(self, session: Tf1Session) -> None:
        (first,) = workers()
        first.kill()
        first.wait()
        assert is_red(session.run(tensor(noise(20, 30))), noise(20, 30))
        (second,) = workers()
        assert second.pid != first.pid

    def test_over_a_picture_that_is_tried_once_more(
        self, session: Tf1Session, caplog: pytest.LogCaptureFixture
    ) -> None:
        picture = looping(30)
        with caplog.at_level(logging.WARNING), as_it_computes(1, signal.SIGKILL):
            assert is_red(session.run(tensor(picture)), picture)
        assert "TensorFlow's process was lost: it was ended by SIGKILL" in caplog.text
        assert "the picture is tried once more" in caplog.text

    def test_twice_over_a_picture_is_an_error_that_says_how(self, session: Tf1Session) -> None:
        said = r"bshm: TensorFlow's process ended over 100000 x 7 pixels, twice: it was ended by SIGKILL, perhaps"
        with as_it_computes(2, signal.SIGKILL), pytest.raises(Tf1LostError, match=said):
            session.run(tensor(ENDLESS))
        assert is_red(session.run(tensor(noise(20, 30))), noise(20, 30))

    def test_its_last_words_are_in_the_log(self, session: Tf1Session, caplog: pytest.LogCaptureFixture) -> None:
        """Python's handler of fatal signals writes where it was."""
        with caplog.at_level(logging.WARNING), as_it_computes(1, signal.SIGABRT):
            session.run(tensor(looping(30)))
        (trace,) = [each.fields["trace"] for each in caplog.records if "was lost" in each.getMessage()]  # type: ignore[attr-defined]
        assert "Fatal Python error: Aborted" in trace
        assert "worker.py" in trace

    def test_where_there_is_no_python_any_more_the_next_run_says_so(
        self, tensorflow_1: Path, graphs: Path, tmp_path: Path
    ) -> None:
        python = tmp_path / "python"
        python.write_text(f'#!/bin/sh\nexec "{tensorflow_1}" "$@"\n')
        python.chmod(0o755)
        session = Tf1Runtime(python, "cpu", 0.9, True, DEADLINE).load(BSHM, graphs / "red.pb")
        python.unlink()
        (first,) = workers()
        first.kill()
        first.wait()
        for _ in range(2):
            with pytest.raises(DeviceError, match="python cannot be started: no such file or directory"):
                session.run(tensor(noise(20, 30)))


class TestHung:
    def test_one_that_is_stopped_is_ended_at_its_deadline(self, start_red: Callable[..., Tf1Process]) -> None:
        process = start_red()
        os.kill(process.pid, signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(Tf1HungError, match=r"did not answer within 0\.5 s: it was busy with 30 x 20 pixels"):
            process.alpha(noise(20, 30), 0.5)
        assert 0.5 <= time.monotonic() - begun < 1.5
        assert not process.alive
        assert not psutil.pid_exists(process.pid)

    def test_one_that_computes_too_long_is_ended_at_its_deadline(self, start_red: Callable[..., Tf1Process]) -> None:
        process = start_red()
        with pytest.raises(Tf1HungError, match=r"Set engine\.deadline higher"):
            process.alpha(ENDLESS, 0.5)
        assert not psutil.pid_exists(process.pid)

    def test_it_is_not_tried_again_and_the_next_run_starts_another(self, tensorflow_1: Path, graphs: Path) -> None:
        session = Tf1Runtime(tensorflow_1, "cpu", 0.9, True, 1.0).load(BSHM, graphs / "red.pb")
        begun = time.monotonic()
        with pytest.raises(Tf1HungError):
            session.run(tensor(ENDLESS))
        assert time.monotonic() - begun < 2
        assert workers() == []
        assert is_red(session.run(tensor(noise(20, 30))), noise(20, 30))
        session.close()

    def test_one_that_does_not_get_ready_is_ended(self, start_red: Callable[..., Tf1Process]) -> None:
        with pytest.raises(Tf1HungError, match=r"did not answer within 0\.2 s: it was still loading the graph"):
            start_red(starting=0.2)
        assert workers() == []

    def test_one_that_goes_on_in_time_has_lost_nothing(self, start_red: Callable[..., Tf1Process]) -> None:
        process, picture = start_red(), noise(20, 30)
        os.kill(process.pid, signal.SIGSTOP)
        resume = Timer(0.5, os.kill, (process.pid, signal.SIGCONT))
        resume.start()
        assert np.array_equal(process.alpha(picture, SECONDS), picture[..., 0])
        resume.join()


def test_who_waits_may_be_interrupted(start_red: Callable[..., Tf1Process]) -> None:
    """Ctrl-C in a program that uses the engine as a library: no late alpha is taken for the next picture's."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    process = start_red()
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        with pytest.raises(KeyboardInterrupt):
            process.alpha(ENDLESS, SECONDS)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert not process.alive


def test_closing_ends_a_run_that_is_under_way(start_red: Callable[..., Tf1Process]) -> None:
    process = start_red()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(process.alpha, ENDLESS, SECONDS)
        until(lambda: busy(psutil.Process(process.pid)))
        process.close()
        with pytest.raises(Tf1LostError, match="ended by SIGKILL"):
            run.result()


class TestLeftBehind:
    """Its host is ended by kill -9: it goes too, whatever it is doing."""

    def host(self, python: Path, graph: Path, action: str) -> subprocess.Popen[bytes]:
        program = textwrap.dedent(f"""
            from pathlib import Path
            from engine.runtimes.tf1.process import Tf1Process
            from tests.engine.runtimes.tf1.pictures import ENDLESS
            import sys
            process = Tf1Process(Path(sys.argv[1]), Path(sys.argv[2]), device="cpu", fraction=0.9, growth=True)
            {action}
        """)
        return subprocess.Popen([sys.executable, "-c", program, python, graph])

    @pytest.mark.parametrize("action", ["process.alpha(ENDLESS, 1000)", "import time; time.sleep(1000)"])
    def test_when_it_computes_and_when_it_waits(self, tensorflow_1: Path, graphs: Path, action: str) -> None:
        with self.host(tensorflow_1, graphs / "red.pb", action) as host:
            until(lambda: len(workers(host.pid)) == 1)
            (worker,) = workers(host.pid)
            until(lambda: worker.num_threads() > 2)  # TensorFlow's own: it is ready, or nearly
            if "ENDLESS" in action:
                until(lambda: worker.cpu_times().user > 4)
            host.kill()
        until(lambda: not worker.is_running(), 2)

    def test_when_it_is_still_starting(self, tensorflow_1: Path, graphs: Path) -> None:
        with self.host(tensorflow_1, graphs / "red.pb", "") as host:
            until(lambda: len(workers(host.pid)) == 1)
            (worker,) = workers(host.pid)
            host.kill()
        until(lambda: not worker.is_running(), 5)
