"""`bshm cutout` with the real networks, from the words of the command line to the files on the disk."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np
import pytest
from PIL import Image

from daemon.commands import main
from engine import Engine
from tests.daemon.server import content, serving
from tests.daemon.test_inputs import NAMES


class Ran(NamedTuple):
    """How a run ended: exit code, the lines of standard output, standard error."""

    code: int
    results: list[bytes]
    messages: str


Bshm = Callable[..., Ran]


@pytest.fixture
def bshm(engine: Engine, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Bshm:
    """Runs `bshm cutout` in this process; the engine is the one of all tests."""
    monkeypatch.setattr("engine.pipeline.Engine", lambda _: engine)

    def run(*words: str | Path) -> Ran:
        code = main(["cutout", *map(str, words)])
        out, err = capfdbinary.readouterr()
        return Ran(code, out.splitlines(), err.decode())

    return run


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs `bshm cutout` where it must not come to the networks; gives the exit code and what was said."""
    monkeypatch.setattr("engine.pipeline.Engine", lambda _: pytest.fail("the networks were loaded"))

    def run(*words: str | Path) -> tuple[int, str]:
        code = main(["cutout", *map(str, words)])
        captured = capsys.readouterr()
        assert captured.out == ""
        return code, captured.err

    return run


def blank(path: Path, size: tuple[int, int] = (40, 30)) -> Path:
    """A picture of nobody, for what depends on names and files alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(stream, "PNG")
    path.write_bytes(stream.getvalue())
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir())


class TestResults:
    def test_a_person_is_cut_out_of_a_photo(self, astronaut: bytes, tmp_path: Path, bshm: Bshm) -> None:
        (tmp_path / "photo.jpg").write_bytes(astronaut)
        ran = bshm(tmp_path / "photo.jpg")
        assert (ran.code, ran.results) == (0, [os.fsencode(tmp_path / "photo.cutout.png")])
        assert "photo.jpg: 1 person" in ran.messages
        assert "1 done in" in ran.messages
        with Image.open(tmp_path / "photo.cutout.png") as cutout:
            assert (cutout.mode, cutout.size) == ("RGBA", (256, 256))
            alpha = np.asarray(cutout)[..., 3]
        assert alpha[100:250, 90:130].mean() > 250, "the person is kept"
        assert alpha[:60, :40].mean() < 5, "the background is not"
        assert (tmp_path / "photo.jpg").read_bytes() == astronaut

    def test_everything_that_can_be_wanted(self, astronaut: bytes, tmp_path: Path, bshm: Bshm) -> None:
        (tmp_path / "photo.jpg").write_bytes(astronaut)
        out = tmp_path / "out"
        words = ("--want", "cutout,matte", "--want", "composite", "--background", "#ff0000", "--report", "--binary")
        ran = bshm(tmp_path / "photo.jpg", "-o", out, *words, "--people", "1", "--network", "modnet")
        kinds = ["cutout.png", "matte.png", "composite.png", "report.json"]
        assert ran.results == [os.fsencode(out / f"photo.{kind}") for kind in kinds]
        with Image.open(out / "photo.matte.png") as matte:
            assert matte.mode == "L"
            assert set(np.unique(np.asarray(matte))) == {0, 255}
        with Image.open(out / "photo.composite.png") as composite:
            assert composite.getpixel((2, 2)) == (255, 0, 0)
        report = json.loads((out / "photo.report.json").read_text())
        assert report["input"] == {"name": "photo.jpg", "uri": (tmp_path / "photo.jpg").as_uri()}
        assert list(report["outputs"]) == ["cutout", "matte", "composite"]
        assert report["settings"] == {
            "want": ["cutout", "matte", "composite"],
            "format": "png",
            "matte_bits": 8,
            "network": "modnet",
            "people": 1,
            "binary": True,
        }
        assert (report["width"], report["height"], len(report["people"])) == (256, 256, 1)
        assert report["device"].startswith("CPU")

    @pytest.mark.parametrize(
        ("chosen", "kinds"),
        [
            ("png", ["composite.png", "cutout.png", "matte.png"]),
            ("webp", ["composite.webp", "cutout.webp", "matte.png"]),
            ("tiff", ["composite.tiff", "cutout.tiff", "matte.tiff"]),
            ("jpeg", ["composite.jpg", "cutout.png", "matte.png"]),
        ],
    )
    def test_formats(self, chosen: str, kinds: list[str], tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "a.png")
        bshm(tmp_path / "a.png", "-o", tmp_path / "out", "--format", chosen, "--want", "cutout,matte,composite")
        assert names_in(tmp_path / "out") == [f"a.{kind}" for kind in kinds]
        for kind in kinds:
            with Image.open(tmp_path / "out" / f"a.{kind}") as picture:
                picture.load()
                assert picture.format == {"jpg": "JPEG"}.get(kind.split(".")[1], kind.split(".")[1].upper())

    def test_a_picture_behind_the_people(self, astronaut: bytes, tmp_path: Path, bshm: Bshm) -> None:
        (tmp_path / "photo.jpg").write_bytes(astronaut)
        blank(tmp_path / "behind.png")
        bshm(tmp_path / "photo.jpg", "--want", "composite", "--background", tmp_path / "behind.png")
        with Image.open(tmp_path / "photo.composite.png") as composite:
            assert composite.getpixel((2, 2)) == (90, 120, 150)

    def test_nobody_is_a_warning(self, tmp_path: Path, bshm: Bshm) -> None:
        ran = bshm(blank(tmp_path / "a.png"), "--report")
        assert ran.code == 0
        assert f"{tmp_path}/a.png: Nobody was found in this picture" in ran.messages
        assert "Nobody" in json.loads((tmp_path / "a.report.json").read_text())["warnings"][0]

    def test_the_config_file_decides_what_is_not_said(
        self, tmp_path: Path, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "my.yaml").write_text("want: [matte, composite]\nformat: tiff\n")
        monkeypatch.setenv("BSHM_CONFIG", str(tmp_path / "my.yaml"))
        blank(tmp_path / "in/a.png")
        bshm(tmp_path / "in", "--want", "matte")
        assert names_in(tmp_path / "in") == ["a.matte.tiff", "a.png"]


class TestNames:
    def test_folders_are_mirrored(self, tmp_path: Path, bshm: Bshm) -> None:
        for name in ("a.png", "夏/b.png", "夏/x y/c.png"):
            blank(tmp_path / "in" / name)
        ran = bshm(tmp_path / "in", "-o", tmp_path / "in/out", "--want", "matte")
        assert names_in(tmp_path / "in/out") == ["a.matte.png", "夏/b.matte.png", "夏/x y/c.matte.png"]
        assert len(ran.results) == 3
        again = bshm(tmp_path / "in", "-o", tmp_path / "in/out", "--want", "matte", "--overwrite")
        assert len(again.results) == 3

    def test_any_bytes(self, tmp_path: Path, bshm: Bshm) -> None:
        for name in NAMES.values():
            blank(tmp_path / "in" / os.fsdecode(name))
        ran = bshm(tmp_path / "in", "-o", tmp_path / "out", "--want", "matte", "--report")
        assert ran.code == 0
        assert f"{len(NAMES)} done" in ran.messages
        written = {os.fsencode(each) for each in (tmp_path / "out").iterdir()}
        assert {line.replace(b"\\n", b"\n") for line in ran.results} == written
        assert len(written) == 2 * len(NAMES)
        reported = [json.loads(each.read_text(encoding="utf-8")) for each in (tmp_path / "out").glob("*.json")]
        uris = {unquote_to_bytes(urlsplit(each["input"]["uri"]).path) for each in reported}
        assert uris == {os.fsencode(tmp_path / "in") + b"/" + name for name in NAMES.values()}

    def test_a_name_that_looks_like_an_option(
        self, tmp_path: Path, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        blank(Path("-o.png"))
        assert bshm("--", "-o.png").results == [b"./-o.cutout.png"]

    def test_names_alike_are_kept_apart(self, tmp_path: Path, bshm: Bshm) -> None:
        blank(tmp_path / "a.jpg")  # a PNG by another name
        blank(tmp_path / "a.png")
        bshm(tmp_path, "-o", tmp_path / "out")
        assert names_in(tmp_path / "out") == ["a.jpg.cutout.png", "a.png.cutout.png"]


class TestExistingResults:
    def test_they_are_kept_and_that_is_said(self, tmp_path: Path, refuses: Callable[..., tuple[int, str]]) -> None:
        blank(tmp_path / "a.png")
        (tmp_path / "a.cutout.png").write_bytes(b"mine")
        code, said = refuses(tmp_path / "a.png")
        assert code == 1
        assert f"{tmp_path}/a.cutout.png: exists already. --overwrite replaces it, --skip leaves it." in said
        assert (tmp_path / "a.cutout.png").read_bytes() == b"mine"

    def test_skip_does_nothing_where_all_is_there(
        self, tmp_path: Path, refuses: Callable[..., tuple[int, str]]
    ) -> None:
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
            (["--network", "a/b"], "--network cannot be 'a/b'"),
            (["--background", "red"], "--background is for composites, and none is asked for. Add --want composite."),
            (["--want", "composite", "--background", "reddish"], "background 'reddish' is no colour, and no picture"),
        ],
    )
    def test_wrong_words(
        self, words: list[str], said: str, tmp_path: Path, refuses: Callable[..., tuple[int, str]]
    ) -> None:
        code, messages = refuses(blank(tmp_path / "a.png"), *words)
        assert code == 2
        assert messages.startswith(said)
        assert messages.count("\n") == 1

    @pytest.mark.parametrize("words", [["--format", "gif"], ["--overwrite", "--skip"], ["--unknown"], []])
    def test_words_that_are_not_known(self, words: list[str], tmp_path: Path) -> None:
        with pytest.raises(SystemExit) as stop:
            main(["cutout", *([str(tmp_path)] if words else []), *words])
        assert stop.value.code == 2

    def test_an_unknown_network_is_said_once(self, tmp_path: Path, bshm: Bshm) -> None:
        for name in "abc":
            blank(tmp_path / f"{name}.png")
        ran = bshm(tmp_path, "--network", "nonesuch")
        assert ran.code == 2
        assert ran.messages.count("'nonesuch': no such matting network") == 1
        assert "3 not begun" in ran.messages

    def test_a_wrong_config_file(
        self, tmp_path: Path, refuses: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = tmp_path / "config.yaml"
        config.write_text("device: cpu\ncolour: red\n")
        monkeypatch.setenv("BSHM_CONFIG", str(config))
        code, said = refuses(blank(tmp_path / "a.png"))
        assert code == 2
        assert f"{config}, line 2: unknown key 'colour'" in said

    def test_an_output_folder_that_is_a_file(self, tmp_path: Path, refuses: Callable[..., tuple[int, str]]) -> None:
        for name in "abc":
            blank(tmp_path / "in" / f"{name}.png")
        (tmp_path / "out").touch()
        code, said = refuses(tmp_path / "in", "-o", tmp_path / "out")
        assert (code, said) == (1, f"{tmp_path}/out: cannot be written: there is a file where a folder is needed.\n")

    def test_a_folder_that_may_not_be_written_is_said_once(
        self,
        tmp_path: Path,
        refuses: Callable[..., tuple[int, str]],
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
        for number in range(30):  # a file takes at least 4 KB there
            blank(tmp_path / f"{number:02}.png")
        (tmp_path / "out").mkdir()
        with small_disk(tmp_path / "out"):
            ran = bshm(tmp_path, "-o", tmp_path / "out")
            for path in (tmp_path / "out").iterdir():
                assert path.name.endswith(".cutout.png")
                with Image.open(path) as picture:
                    picture.load()
        assert ran.code == 1
        assert ran.messages.count("the disk is full") == 1
        assert "not begun" in ran.messages

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


class TestAddresses:
    @pytest.fixture
    def allowed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "allowed.yaml").write_text("links: {allow_private: true, timeout: 20}\n")
        monkeypatch.setenv("BSHM_CONFIG", str(tmp_path / "allowed.yaml"))

    @pytest.mark.usefixtures("allowed")
    def test_a_picture_by_address(self, tmp_path: Path, bshm: Bshm) -> None:
        photo = content(blank(tmp_path / "in/a.png").read_bytes())
        with serving() as server:
            server.answers |= {"/me/photo.jpg?w=40": photo, "/you/photo.jpg": photo}
            server.answers["/page"] = content(b"<!doctype html>", "text/html")
            words = [server.url(path, "me:secret@127.0.0.1") for path in server.answers]
            ran = bshm(*words, "-o", tmp_path / "out", "--report")
        assert ran.code == 1
        assert "the address leads to a web page" in ran.messages
        assert "2 done, 1 failed" in ran.messages
        assert "a thumbnail where the photo was meant?" in ran.messages
        assert "secret" not in ran.messages
        assert len(names_in(tmp_path / "out")) == 4
        text = (tmp_path / "out/photo.report.json").read_text()
        assert "secret" not in text
        assert json.loads(text)["input"]["uri"] == server.url("/me/photo.jpg?w=40")
        assert "a thumbnail" in json.loads(text)["warnings"][0]

    @pytest.mark.usefixtures("allowed")
    def test_results_go_to_the_current_folder(
        self, tmp_path: Path, bshm: Bshm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = blank(tmp_path / "in/a.png").read_bytes()
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        with serving() as server:
            server.answers["/x"] = content(data, Content_Disposition='attachment; filename="照片.png"')
            ran = bshm(server.url("/x"))
            assert ran.results == ["照片.cutout.png".encode()]
            assert "exists already" in bshm(server.url("/x")).messages
            skipped = bshm(server.url("/x"), "--skip")
        assert (skipped.code, "1 skipped" in skipped.messages) == (0, True)

    def test_private_addresses_are_refused(self, tmp_path: Path, bshm: Bshm) -> None:
        with serving() as server:
            ran = bshm(server.url("/a.jpg"), "-o", tmp_path)
            assert server.asked == []
        assert ran.code == 1
        assert "must not be fetched: its host is 127.0.0.1" in ran.messages
