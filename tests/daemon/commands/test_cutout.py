"""`bshm cutout` with the real networks, from the words of the command line to the files on the disk."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np
import pytest
from PIL import Image

from tests.daemon.commands.running import Bshm, blank, names_in
from tests.daemon.server import content, serving
from tests.daemon.test_inputs import NAMES


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
        how = ("--people", "1", "--network", "modnet", "--threshold", "0.25", "--quality", "fast")
        ran = bshm(tmp_path / "photo.jpg", "-o", out, *words, *how)
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
            "at": [],
            "quality": "fast",
            "binary": True,
            "threshold": 0.25,
        }
        assert (report["width"], report["height"], len(report["people"])) == (256, 256, 1)
        assert (report["people"][0]["threshold"], len(report["people"][0]["passes"])) == (0.25, 1)
        assert report["device"].startswith("CPU")

    def test_who_is_at_a_point(self, astronaut: bytes, tmp_path: Path, bshm: Bshm) -> None:
        (tmp_path / "photo.jpg").write_bytes(astronaut)
        blank(tmp_path / "small.png")
        where = ("--at", "110,150", "--at", "3.5,3", "--report", "--quality", "fast")
        ran = bshm(tmp_path, *where)
        assert ran.code == 1
        assert f"{tmp_path}/small.png: the point 110,150 lies outside of the picture: it has 40 x 30" in ran.messages
        assert "1 done, 1 failed" in ran.messages, "a point that one picture lacks is in another"
        report = json.loads((tmp_path / "photo.report.json").read_text())
        assert len(report["people"]) == 1
        assert (report["settings"]["people"], report["settings"]["at"]) == ("all", [[110, 150], [3.5, 3]])
        nobody = bshm(tmp_path / "photo.jpg", "--at", "3,3", "--people", "all", "--overwrite")
        assert (nobody.code, "Nobody was found at the places that were marked" in nobody.messages) == (0, True)

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

    @pytest.mark.parametrize(
        ("want", "chosen", "note"),
        [
            ("matte", "webp", "Not everything can be webp: matte is written as png."),
            ("cutout,matte", "jpeg", "Not everything can be jpeg: cutout is written as png, matte is written as png."),
            ("composite", "jpeg", None),
        ],
    )
    def test_another_format_than_was_asked_for_is_said_once(
        self, want: str, chosen: str, note: str | None, tmp_path: Path, bshm: Bshm
    ) -> None:
        for name in "ab":
            blank(tmp_path / f"{name}.png")
        said = bshm(tmp_path, "--want", want, "--format", chosen).messages
        assert said.count("Not everything") == (1 if note else 0)
        assert note is None or note in said.splitlines()

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
        mine, _ = (each for each in ran.results if each.endswith(b".report.json"))
        text = Path(os.fsdecode(mine)).read_text()
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
            (name,) = (each.decode() for each in ran.results)
            assert re.fullmatch(r"照片\.[0-9a-f]{8}\.cutout\.png", name)
            assert "exists already" in bshm(server.url("/x")).messages
            skipped = bshm(server.url("/x"), "--skip")
        assert (skipped.code, "1 skipped" in skipped.messages) == (0, True)

    @pytest.mark.usefixtures("allowed")
    def test_what_one_address_gave_does_not_pass_for_anothers(self, tmp_path: Path, bshm: Bshm) -> None:
        photo = content(blank(tmp_path / "in/a.png").read_bytes())
        with serving() as server:
            server.answers |= {"/x/q.png": photo, "/y/q.png": photo}
            bshm(server.url("/x/q.png"), "-o", tmp_path / "out")
            ran = bshm(server.url("/y/q.png"), "-o", tmp_path / "out", "--skip")
        assert "1 done in" in ran.messages
        assert len(names_in(tmp_path / "out")) == 2

    def test_private_addresses_are_refused(self, tmp_path: Path, bshm: Bshm) -> None:
        with serving() as server:
            ran = bshm(server.url("/a.jpg"), "-o", tmp_path)
            assert server.asked == []
        assert ran.code == 1
        assert "must not be fetched: its host is 127.0.0.1" in ran.messages
