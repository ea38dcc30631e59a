"""`bshm cutout` with a running engine: the same files, reports, sentences and exit codes as without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.daemon.commands.running import Bshm, blank, many, names_in, whole_results
from tests.engine.server.live import Live

ROOT = Path(__file__).parents[3]
FAST = ["--quality", "fast"]


def reported(path: Path) -> dict[str, Any]:
    """A report without what is another in each run: milliseconds, and where the results lie."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    content["milliseconds"] = list(content["milliseconds"])
    content["outputs"] = {kind: each["name"] for kind, each in content["outputs"].items()}
    return content


@pytest.mark.parametrize(
    "words",
    [
        ["--want", "cutout,matte", *FAST],
        ["--want", "cutout,matte,composite", "--format", "webp", "--background", "hsl(120, 100%, 25%)", *FAST],
        ["--want", "matte,composite", "--format", "tiff", "--binary", "--threshold", "0.25", "--network", "modnet"],
        ["--at", "110.5,150", "--at", "3,3", "--want", "matte", *FAST],
        ["--want", "composite", "--background", "behind.png", "--format", "jpeg", "--people", "1", *FAST],
    ],
    ids=" ".join,
)
def test_results_and_reports_are_the_same(
    words: list[str], astronaut: bytes, tmp_path: Path, resident: Live, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blank(Path("behind.png"))
    Path("照片 1.jpg").write_bytes(astronaut)
    there = bshm("照片 1.jpg", "--report", "-o", "there", *words)
    here = bshm("照片 1.jpg", "--report", "-o", "here", *words, "--in-process")
    assert (there.code, here.code) == (0, 0)
    device, pid = resident.status()["device"], resident.process.pid
    assert f"Networks run on {device}, in the resident engine (pid {pid})." in there.messages
    assert "resident" not in here.messages
    assert names_in(Path("there")) == names_in(Path("here"))
    assert reported(Path("there/照片 1.report.json")) == reported(Path("here/照片 1.report.json"))
    for name in names_in(Path("there")):
        if not name.endswith(".json"):
            with Image.open(Path("there") / name) as one, Image.open(Path("here") / name) as other:
                assert (one.mode, one.info.get("icc_profile")) == (other.mode, other.info.get("icc_profile"))
                difference = np.asarray(one).astype(int) - np.asarray(other).astype(int)
                assert np.abs(difference).max() <= (1 if not name.endswith(".jpg") else 3), "JPEG spreads a level"


def test_no_framework_is_loaded(tmp_path: Path, resident: Live) -> None:
    blank(tmp_path / "a.png")
    code = (
        "import sys; from daemon.commands import main; assert main(['cutout', 'a.png', '--report']) == 0; "
        "print(*{each.partition('.')[0] for each in sys.modules})"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert not {"numpy", "PIL", "cv2", "onnxruntime", "rich", "httpx", "asyncio"} & set(ran.stdout.split())
    assert "resident engine" in ran.stderr


@pytest.mark.usefixtures("resident", "no_networks_here")
class TestRuns:
    def test_failures_and_sentences(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "in/a.png")
        (tmp_path / "in/b.jpg").write_bytes(b"this is no picture")
        (tmp_path / "in/c.png").touch()
        (tmp_path / "in/d.png").write_bytes(blank(tmp_path / "whole.png", (400, 300)).read_bytes()[:300])
        blank(tmp_path / "in/e.png")
        ran = bshm(tmp_path / "in", "-o", tmp_path / "out")
        assert ran.code == 1
        assert names_in(tmp_path / "out") == ["a.cutout.png", "e.cutout.png"]
        assert [each.rsplit(b"/", 1)[1] for each in ran.results] == [b"a.cutout.png", b"e.cutout.png"]
        assert f"{tmp_path}/in/b.jpg: " in ran.messages
        assert f"{tmp_path}/in/c.png: the file is empty. Copy or download it again." in ran.messages
        assert f"{tmp_path}/in/d.png: the picture is truncated: the end of the file is missing" in ran.messages
        assert f"{tmp_path}/in/e.png: Nobody was found in this picture" in ran.messages
        assert "2 done, 3 failed" in ran.messages
        places = [ran.messages.index(f"/in/{name}") for name in ("a.png", "b.jpg", "c.png", "d.png", "e.png")]
        assert places == sorted(places), "in the order of the inputs"

    def test_a_result_that_does_not_fit_into_its_format(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "a.png", (17_000, 2))
        ran = bshm(tmp_path / "a.png", "--format", "webp")
        assert ran.code == 1
        assert "a result of 17000 x 2 pixels does not fit into webp. Choose png." in ran.messages

    def test_only_the_report_is_missing(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "a.png")
        (tmp_path / "a.cutout.png").write_bytes(b"mine")
        ran = bshm("--skip", "--report", tmp_path / "a.png")
        assert ran.results == [os.fsencode(tmp_path / "a.report.json")]
        assert (tmp_path / "a.cutout.png").read_bytes() == b"mine"

    def test_names_longer_than_the_engine_takes(self, tmp_path: Path, bshm: Bshm) -> None:
        folder = tmp_path
        for _ in range(5):
            folder = folder / ("long" * 60)
        folder.mkdir(parents=True)
        (folder / "bad.png").write_bytes(b"this is no picture")
        ran = bshm(tmp_path)
        assert ran.code == 1
        assert "long/bad.png: " in ran.messages

    def test_several_are_under_way_at_once(self, tmp_path: Path, resident: Live, bshm: Bshm) -> None:
        before = resident.status()["counts"]["done"]
        ran = bshm(many(tmp_path / "in", 8), "-o", tmp_path / "out")
        assert (ran.code, len(whole_results(tmp_path / "out"))) == (0, 8)
        assert ran.results == sorted(ran.results)
        assert resident.status()["counts"]["done"] == before + 8


class TestOtherEngines:
    @pytest.mark.parametrize(
        ("config", "said"),
        [
            ("licences: permissive", "its setting 'licences' is all, and here it is permissive"),
            ("device: cpu", "its setting 'device' is auto, and here it is cpu"),
            ("limits: {megabytes: 9}", "its setting 'limits.megabytes' is 512, and here it is 9"),
            ("memory: {longest_side: 1000}", "its setting 'memory.longest_side' is 2560, and here it is 1000"),
        ],
    )
    def test_one_with_other_settings_is_not_used(
        self, config: str, said: str, tmp_path: Path, resident: Live, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "my.yaml").write_text(f"{config}\n")
        monkeypatch.setenv("BSHM_CONFIG", str(tmp_path / "my.yaml"))
        before = resident.status()["counts"]
        ran = bshm(blank(tmp_path / "a.png"))
        assert ran.code == 0
        pid = resident.process.pid
        assert f"The resident engine (pid {pid}) is not used: {said}. Networks run in this process." in ran.messages
        assert resident.status()["counts"] == before

    @pytest.mark.usefixtures("resident")
    def test_one_of_another_version_is_not_used(
        self, tmp_path: Path, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("daemon.resident.own_version", lambda: "9.9")
        ran = bshm(blank(tmp_path / "a.png"))
        assert ran.code == 0
        assert "is not used: it is version " in ran.messages
        assert ", and this is 9.9. Networks run in this process." in ran.messages

    def test_none_is_not_worth_a_word(self, tmp_path: Path, bshm: Bshm) -> None:
        assert "engine" not in bshm(blank(tmp_path / "a.png")).messages
