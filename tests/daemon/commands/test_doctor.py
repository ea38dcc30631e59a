from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

import pytest

from daemon.commands import main
from daemon.watch.alone import alone
from engine.folders import networks_folder
from engine.models.catalogue import NETWORKS
from engine.models.store import Store
from tests.daemon.gimp.homes import Home
from tests.engine.client.listening import json_reply, listening, saying
from tests.engine.server.conftest import short_folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of one's own with the real networks."""
    real = networks_folder()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    shutil.copytree(real, networks_folder())
    return networks_folder()


def findings(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    """The exit code, and what was said by subject, the mark and the fault with it; networks by their own names."""
    code = main([*words, "doctor"])
    said: dict[str, str] = {}
    subject = ""
    for line in capsys.readouterr().out.splitlines()[:-1]:
        if line.startswith(" "):
            said[subject] += f" {line.strip()}"
        else:
            mark, subject, text = line.split(None, 2)
            if subject in ("network", "folder", "setting"):
                subject = text.split()[0]
            said[subject] = f"{mark} {text}"
    return code, said


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """bshm as a command, which tests may run without."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/bshm").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("importlib.metadata.version", lambda _: "1.2.3")
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["numpy>=2", 'pytest>=8; extra == "test"'])


@pytest.mark.usefixtures("store", "installed")
def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = findings(capsys)
    assert {text.split()[0] for text in said.values()} == {"ok"}
    assert code == 0
    assert "CPU" in said["device"]
    assert said["modnet"] == "ok modnet (matte): licence Apache-2.0; verified"
    assert "GPL-3.0" in said["rvm"]
    assert set(NETWORKS) < set(said)


def test_missing_and_damaged_networks(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store / NETWORKS["rvm"].file).unlink()
    (store / NETWORKS["span"].file).write_bytes(b"x" * (NETWORKS["span"].size or 0))
    code, said = findings(capsys)
    assert code == 1
    assert said["rvm"].startswith("WRONG")
    assert said["rvm"].endswith("missing Run: bshm models pull rvm")
    assert said["span"].endswith("damaged Run: bshm models pull span")
    assert said["modnet"].startswith("ok")


def test_a_network_that_the_licences_leave_out_is_not_missed(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store / NETWORKS["rvm"].file).unlink()
    (tmp_path / "config.yaml").write_text("licences: permissive\n")
    _, said = findings(capsys, "--config", str(tmp_path / "config.yaml"))
    assert said["rvm"] == "ok rvm (matte): licence GPL-3.0; not used, 'licences: permissive'"


def test_a_wrong_config_file_is_said_with_its_line_and_the_rest_is_still_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text("device: cpu\nthreads: many\n")
    code, said = findings(capsys, "--config", str(tmp_path / "config.yaml"))
    assert code == 1
    assert f"{tmp_path}/config.yaml, line 2: 'threads' cannot be 'many'" in said["config"]
    assert "disk" in said


def test_a_device_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("device: cuda\n")
    _, said = findings(capsys, "--config", str(tmp_path / "config.yaml"))
    assert said["device"].startswith("WRONG 'device: cuda' cannot be used")
    assert "set 'device: cpu'" in said["device"]


def test_a_graph_that_nothing_runs(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "graph.pb").write_bytes(b"a graph")
    Store().accept(NETWORKS["bshm"], "bshm.pb", tmp_path / "graph.pb", "the tests")
    code, said = findings(capsys)
    assert code == 1
    assert said["bshm"].startswith("WRONG bshm (matte): licence none published; verified")
    assert "Run: bshm models convert bshm, or ./install.sh --tf1" in said["bshm"]


def test_a_network_and_a_background_that_there_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("network: foo\nbackground: nosuch.jpg\n")
    code, said = findings(capsys, "--config", str(config))
    assert code == 1
    assert said["network:"].startswith(f"WRONG network: foo {config}: 'foo': no such matting network: there are auto")
    assert said["background:"].startswith(f"WRONG background: nosuch.jpg {config}: background 'nosuch.jpg' is no")
    monkeypatch.setenv("BSHM_CONFIG", str(config))
    config.write_text("network: rvm\nlicences: permissive\nbackground: '#00ff00'\n")
    _, said = findings(capsys)
    assert f"{config}: network 'rvm' may not be used: its licence is GPL-3.0" in said["network:"]
    assert said["background:"] == "ok background: #00ff00"


class TestEngine:
    status: ClassVar[dict[str, object]] = {"state": "ready", "device": "CPU, 2 threads", "pid": 7, "version": "1"}

    @pytest.fixture
    def address(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        with short_folder() as folder:
            monkeypatch.setenv("BSHM_SOCKET", str(folder / "engine.sock"))
            monkeypatch.setattr("daemon.commands.doctor.own_version", lambda: "1")
            yield folder / "engine.sock"

    def test_none_is_no_fault(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert findings(capsys)[1]["engine"] == "ok not running; `bshm engine` starts it"

    def test_one_that_runs(self, address: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with listening(address, saying(json_reply(self.status))):
            assert findings(capsys)[1]["engine"] == f"ok ready on CPU, 2 threads, pid 7, at {address}"

    @pytest.mark.parametrize(
        ("other", "fault"),
        [
            ({"version": "0.9"}, "It is version 0.9, and this is 1. Start the engine anew."),
            ({"state": "broken", "device": ""}, "Its networks cannot be loaded. See the last errors in: bshm status"),
        ],
    )
    def test_one_that_is_of_no_use(
        self, other: dict[str, str], fault: str, address: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with listening(address, saying(json_reply({**self.status, **other}))):
            code, said = findings(capsys)
        assert code == 1
        assert said["engine"].startswith("WRONG ")
        assert said["engine"].endswith(f"pid 7, at {address} {fault}")

    def test_something_else_at_its_place(self, address: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with listening(address, saying(b"SSH-2.0-OpenSSH_9.9\r\n")):
            assert "is no engine of this program" in findings(capsys)[1]["engine"]


def test_packages_that_are_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from importlib import metadata

    def version(name: str) -> str:
        if name == "tifffile":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "requires", lambda _: ["numpy<3,>=2.2", "tifffile>=2025.1", 'ruff; extra == "test"'])
    code, said = findings(capsys)
    assert code == 1
    assert said["packages"] == "WRONG missing: tifffile Run ./install.sh in the project's folder again."


def test_a_folder_that_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    _, said = findings(capsys)
    assert said["cache:"].startswith(f"WRONG cache: {tmp_path}/file/bshm")
    assert f"{tmp_path}/file cannot be written by this user" in said["cache:"]


def test_a_folder_that_may_not_be_entered(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    without_rights: Callable[[Path], AbstractContextManager[None]],
) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "closed"))
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    with without_rights(tmp_path):
        _, said = findings(capsys)
    assert "cannot be written by this user" in said["cache:"]


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=200_000_000))
    _, said = findings(capsys)
    assert said["disk"].startswith("WRONG 0.2 GB free")


def test_the_command_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin")
    assert "Run ./install.sh" in findings(capsys)[1]["command"]
    folder = tmp_path / ".local/bin"
    folder.mkdir(parents=True)
    (folder / "bshm").touch(mode=0o755)
    assert f'run: export PATH="{folder}:$PATH"' in findings(capsys)[1]["command"]
    monkeypatch.setenv("PATH", f"/usr/bin:{folder}")
    assert findings(capsys)[1]["command"] == f"ok bshm is {folder}/bshm"


def test_hot_folders_that_cannot_be_watched(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"folders:\n  - watch: {tmp_path}\n    output: {tmp_path}\n", encoding="utf-8")
    code, said = findings(capsys, "--config", str(config))
    assert code == 1
    assert said["watching"].startswith("WRONG")
    assert "line 2" in said["watching"]


def test_who_watches_the_hot_folders(capsys: pytest.CaptureFixture[str]) -> None:
    assert "not watched" in findings(capsys)[1]["watching"]
    with alone(Path("config.yaml")):
        assert f"watched by process {os.getpid()}" in findings(capsys)[1]["watching"]


class TestGimp:
    """A GIMP without the plug-in is no fault; a plug-in that cannot work is one."""

    @pytest.mark.usefixtures("user")
    def test_there_is_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert findings(capsys)[1]["GIMP"].startswith("ok no GIMP was found")

    def test_one_without_the_plug_in(self, user: Home, capsys: pytest.CaptureFixture[str]) -> None:
        user.settings("3.2")
        assert findings(capsys)[1]["GIMP"].endswith("plug-in not installed; `bshm gimp install` does it")

    def test_one_with_the_plug_in_and_one_with_another_version(
        self, user: Home, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = user.settings("3.2") / "plug-ins/bshm-cut-out"
        main(["gimp", "install"])
        assert findings(capsys)[1]["GIMP"] == f"ok 3.2  its settings alone were found: {folder} is up to date"
        (folder / "bshm-cut-out.py").unlink()
        code, said = findings(capsys)
        assert code == 1
        assert said["GIMP"].startswith("WRONG 3.2")
        assert said["GIMP"].endswith(f"{folder} is not this version's Run: bshm gimp install")
