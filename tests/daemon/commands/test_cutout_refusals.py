"""What `bshm cutout` does not do, and how it says so."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PIL import Image

from daemon.commands import main
from tests.daemon.commands.running import Bshm, Refuses, blank, names_in


class TestExistingResults:
    def test_they_are_kept_and_that_is_said(self, tmp_path: Path, refuses: Refuses) -> None:
        blank(tmp_path / "a.png")
        (tmp_path / "a.cutout.png").write_bytes(b"mine")
        code, said = refuses(tmp_path / "a.png")
        assert code == 1
        assert f"{tmp_path}/a.cutout.png: exists already. --overwrite replaces it, --skip leaves it." in said
        assert (tmp_path / "a.cutout.png").read_bytes() == b"mine"

    def test_skip_does_nothing_where_all_is_there(self, tmp_path: Path, refuses: Refuses) -> None:
        blank(tmp_path / "a.png")
        (tmp_path / "a.cutout.png").write_bytes(b"mine")
        code, said = refuses("--skip", tmp_path / "a.png")
        assert code == 0
        assert "0 done, 1 skipped" in said

    def test_skip_writes_what_is_missing(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "a.png")
        (tmp_path / "a.cutout.png").write_bytes(b"mine")
        ran = bshm("--skip", "--want", "cutout,matte", tmp_path / "a.png")
        assert ran.results == [os.fsencode(tmp_path / "a.matte.png")]
        assert (tmp_path / "a.cutout.png").read_bytes() == b"mine"

    def test_overwrite_replaces_them(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "a.png")
        (tmp_path / "a.cutout.png").write_bytes(b"old")
        assert bshm("--overwrite", tmp_path / "a.png").code == 0
        assert (tmp_path / "a.cutout.png").read_bytes()[1:4] == b"PNG"

    def test_results_that_are_named_are_left_out(self, tmp_path: Path, bshm: Bshm) -> None:
        """As `bshm cutout *` does the second time."""
        blank(tmp_path / "a.png")
        bshm(*tmp_path.iterdir())
        ran = bshm("--overwrite", *tmp_path.iterdir())
        assert ran.code == 0
        assert "Left out, being results of an earlier run: 1." in ran.messages
        assert names_in(tmp_path) == ["a.cutout.png", "a.png"]


def test_other_files_in_a_folder_are_counted(tmp_path: Path, refuses: Refuses) -> None:
    for name in ("a.txt", "b.txt", "c.ico", "d"):
        (tmp_path / name).touch()
    code, said = refuses(tmp_path)
    assert code == 1
    assert f"{tmp_path}: no pictures in this folder." in said
    assert "Left out of the folders, being no pictures by their names: 1 without a suffix, 1 .ico, 2 .txt." in said


class TestFailures:
    def test_one_bad_file_does_not_stop_the_others(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "in/a.png")
        (tmp_path / "in/b.jpg").write_bytes(b"this is no picture")
        (tmp_path / "in/c.png").touch()
        (tmp_path / "in/d.png").write_bytes(blank(tmp_path / "whole.png", (400, 300)).read_bytes()[:300])
        blank(tmp_path / "in/e.png")
        ran = bshm(tmp_path / "in", tmp_path / "missing.jpg", "-o", tmp_path / "out")
        assert ran.code == 1
        assert names_in(tmp_path / "out") == ["a.cutout.png", "e.cutout.png"]
        for name in ("missing.jpg", "in/b.jpg", "in/c.png", "in/d.png"):
            assert f"{tmp_path}/{name}: " in ran.messages
        assert "2 done, 4 failed" in ran.messages
        places = [ran.messages.index(f"/in/{name}") for name in ("a.png", "b.jpg", "c.png", "d.png", "e.png")]
        assert places == sorted(places), "in the order of the inputs"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--want", "cutout,shadow"], "--want cannot be 'cutout,shadow': it is one or several of cutout, matte"),
            (["--want", ""], "--want cannot be ''"),
            (["--people", "0"], "--people cannot be '0': it is one of auto, all, largest, or a number"),
            (["--people", "some"], "--people cannot be 'some'"),
            (["--binary", "--threshold", "1.5"], "--threshold cannot be '1.5': it is a number above 0 and below 1."),
            (["--binary", "--threshold", "nan"], "--threshold cannot be 'nan'"),
            (["--binary", "--threshold", "half"], "--threshold cannot be 'half'"),
            (["--threshold", "0.3"], "--threshold is for hard edges, and none are asked for. Add --binary."),
            (["--at", "5"], "--at cannot be '5': it is a point X,Y in the picture's pixels, like 120,85."),
            (["--at", "1,2", "--at", "1,2,3"], "--at cannot be '1,2,3'"),
            (["--at", "1,nan"], "--at cannot be '1,nan'"),
            (["--at=-1,2"], "--at cannot be '-1,2'"),
            (["--at", "1,2", "--people", "largest"], "--people cannot be 'largest' beside --at: points say whom to"),
            (["--at", "1,2", "--people", "auto"], "--people cannot be 'auto' beside --at: points say whom to cut out."),
            (["--network", "a/b"], "--network cannot be 'a/b'"),
            (["--background", "red"], "--background is for composites, and none is asked for. Add --want composite."),
            (["--want", "composite", "--background", "reddish"], "background 'reddish' is no colour, and no picture"),
        ],
    )
    def test_wrong_words(self, words: list[str], said: str, tmp_path: Path, refuses: Refuses) -> None:
        code, messages = refuses(blank(tmp_path / "a.png"), *words)
        assert code == 2
        assert messages.startswith(said)
        assert messages.count("\n") == 1

    @pytest.mark.parametrize(
        "words", [["--format", "gif"], ["--quality", "slow"], ["-o", ""], ["--overwrite", "--skip"], ["--unknown"], []]
    )
    def test_words_that_are_not_known(self, words: list[str], tmp_path: Path) -> None:
        with pytest.raises(SystemExit) as stop:
            main(["cutout", *([str(tmp_path)] if words else []), *words])
        assert stop.value.code == 2

    def test_an_unknown_network_is_said_once(self, tmp_path: Path, refuses: Refuses) -> None:
        for name in "abc":
            blank(tmp_path / f"{name}.png")
        code, said = refuses(tmp_path, "--network", "nonesuch")
        assert code == 2
        assert said.startswith("'nonesuch': no such matting network: there are auto, ")
        assert said.count("\n") == 1

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("network: nonesuch", "'nonesuch': no such matting network"),
            ("background: nosuch.jpg", "background 'nosuch.jpg' is no colour, and no picture"),
        ],
    )
    def test_a_wrong_word_in_the_config_file_is_said_to_be_there(
        self, line: str, said: str, tmp_path: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "my.yaml").write_text(f"{line}\nwant: composite\n")
        monkeypatch.setenv("BSHM_CONFIG", str(tmp_path / "my.yaml"))
        code, messages = refuses(blank(tmp_path / "a.png"))
        assert code == 2
        assert messages.startswith(f"{tmp_path}/my.yaml: {said}")

    def test_a_device_that_cannot_be_used_is_said_before_the_summary(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "gpu.yaml").write_text("device: cuda\n")
        code = main(["--config", str(tmp_path / "gpu.yaml"), "cutout", str(blank(tmp_path / "a.png"))])
        *_, error, summary = capsys.readouterr().err.splitlines()
        assert code == 3
        assert error.startswith("device: cuda cannot be used")
        assert summary.startswith("0 done, 1 not begun in")

    def test_a_wrong_config_file(self, tmp_path: Path, refuses: Refuses, monkeypatch: pytest.MonkeyPatch) -> None:
        config = tmp_path / "config.yaml"
        config.write_text("device: cpu\ncolour: red\n")
        monkeypatch.setenv("BSHM_CONFIG", str(config))
        code, said = refuses(blank(tmp_path / "a.png"))
        assert code == 2
        assert f"{config}, line 2: unknown key 'colour'" in said

    def test_without_a_picture_no_folder_is_made(self, tmp_path: Path, refuses: Refuses) -> None:
        assert refuses(tmp_path / "missing.jpg", "-o", tmp_path / "out")[0] == 1
        assert names_in(tmp_path) == []
        assert not (tmp_path / "out").exists()

    def test_an_output_folder_that_is_a_file(self, tmp_path: Path, refuses: Refuses) -> None:
        for name in "abc":
            blank(tmp_path / "in" / f"{name}.png")
        (tmp_path / "out").touch()
        code, said = refuses(tmp_path / "in", "-o", tmp_path / "out")
        assert (code, said) == (1, f"{tmp_path}/out: cannot be written: there is a file where a folder is needed.\n")

    def test_a_folder_that_may_not_be_written_is_said_once(
        self,
        tmp_path: Path,
        refuses: Refuses,
        without_rights: Callable[[Path], AbstractContextManager[None]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.chdir(tmp_path)  # what is above may not be entered by other users, and the config not be read
        tmp_path.chmod(0o755)
        monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
        for name in "abc":
            blank(Path("in") / f"{name}.png")
        with without_rights(Path("in")):
            code, said = refuses("in")
        assert code == 1
        assert said.splitlines()[0] == "in: cannot be written: this user may not write there."
        assert said.splitlines()[1].startswith("0 done, 3 failed")

    def test_a_full_disk_is_said_once(
        self, tmp_path: Path, bshm: Bshm, small_disk: Callable[[Path], AbstractContextManager[None]]
    ) -> None:
        for number in range(8):  # a file takes at least 4 KB there
            blank(tmp_path / f"{number}.png")
        (tmp_path / "out").mkdir()
        with small_disk(tmp_path / "out"):
            ran = bshm(tmp_path, "-o", tmp_path / "out")
            for path in (tmp_path / "out").iterdir():
                assert path.name.endswith(".cutout.png")
                with Image.open(path) as picture:
                    picture.load()
        assert ran.code == 1
        assert ran.messages.count("the disk is full") == 1
        *_, error, summary = ran.messages.splitlines()
        assert "the disk is full" in error
        done, left = len(ran.results), 8 - len(ran.results) - 1
        assert summary.startswith(f"{done} done, 1 failed, {left} not begun in")

    def test_a_result_that_was_written_before_a_failure_is_told(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "in/a.png")
        (tmp_path / "out/a.matte.png").mkdir(parents=True)
        ran = bshm(tmp_path / "in", "-o", tmp_path / "out", "--want", "cutout,matte", "--overwrite")
        assert (ran.code, ran.results) == (1, [os.fsencode(tmp_path / "out/a.cutout.png")])
        assert "a.matte.png: cannot be written: there is a folder of that name" in ran.messages
        assert "0 done, 1 failed in" in ran.messages

    def test_a_fault_of_the_program_is_no_traceback(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("daemon.commands.cutout.find_inputs", lambda *_: 1 / 0)
        assert main(["cutout", str(tmp_path)]) == 70
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        log = Path(os.environ["XDG_STATE_HOME"]) / "bshm/log/bshm.log"
        assert str(log) in said
        assert "ZeroDivisionError: division by zero" in log.read_text(encoding="utf-8")
