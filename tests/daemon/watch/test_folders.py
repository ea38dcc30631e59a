"""An entry of `folders` becomes a hot folder, or a sentence that says what is wrong with it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from daemon.watch.folders import hot_folders
from daemon.watch.hot_folder import HotFolder
from engine.config_file import load_settings
from engine.errors import ConfigError
from engine.settings import Settings
from tests.daemon.watch.configs import entries, read, refusal


def test_the_default_folder(home: Path) -> None:
    (folder,) = hot_folders(Settings(), None)
    assert folder == HotFolder(
        watch=home / "BSHM/in",
        excluded=frozenset(),
        output=home / "BSHM/out",
        failed=home / "BSHM/failed",
        done="keep",
        recursive=True,
        patterns=("*",),
        conflict="suffix",
        observer="auto",
        report=True,
        settings=Settings(want=("cutout", "matte")),
    )
    assert list(home.iterdir()) == []  # nothing is made


def test_the_project_has_a_home_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSHM_HOME", str(home / "人"))
    (folder,) = hot_folders(Settings(), None)
    assert (folder.watch, folder.output, folder.failed) == (home / "人/in", home / "人/out", home / "人/failed")


def test_what_an_entry_says_goes_before_what_is_said_outside_of_it(home: Path) -> None:
    text = "want: matte\nformat: tiff\npeople: 3\n" + entries(
        "watch: ~/a, output: ~/o",
        "watch: ~/b, output: ~/o, want: [composite], people: all, quality: fast, matte_bits: 16, network: rvm, "
        "format: webp, background: blue, done: ~/d, recursive: no, report: no, conflict: skip, observer: polling, "
        'pattern: ["*.jpg", "IMG_*"], failed: ~/bad',
    )
    outer, inner = read(home, text)
    assert outer.settings == replace(load_settings(home / "c.yaml"), want=("cutout", "matte"))
    assert outer.failed == home / "failed"  # beside the output
    assert (outer.settings.format, outer.settings.people) == ("tiff", 3)
    assert inner.settings == replace(
        outer.settings,
        want=("composite",),
        people="all",
        quality="fast",
        matte_bits=16,
        network="rvm",
        format="webp",
        background="blue",
    )
    assert (inner.done, inner.failed) == (home / "d", home / "bad")
    assert (inner.recursive, inner.report, inner.conflict, inner.observer) == (False, False, "skip", "polling")
    assert inner.patterns == ("*.jpg", "IMG_*")


def test_without_folders_it_says_what_to_write(home: Path) -> None:
    assert refusal(home, "folders: []").startswith("~/c.yaml: no folder is named. Write at least one below 'folders:'")
    with pytest.raises(ConfigError, match=r"^no folder is named\."):
        hot_folders(Settings(folders=()), None)


def test_a_default_that_cannot_be_names_the_file_alone(home: Path) -> None:
    (home / "BSHM").mkdir()
    (home / "BSHM/in").write_text("a file")
    assert refusal(home, "").startswith("~/c.yaml: 'folders.watch' cannot be ~/BSHM/in: it is a file")


class TestWhatLiesThere:
    @pytest.mark.parametrize("key", ["watch", "output", "failed", "done"])
    @pytest.mark.parametrize("path", ["~/file", "~/file/in"])
    def test_a_file_in_place_of_a_folder_is_refused(self, key: str, path: str, home: Path) -> None:
        (home / "file").write_text("a file")
        paths = {"watch": "~/in", "output": "~/o", "failed": "~/f", "done": "~/d", key: path}
        said = refusal(home, entries(", ".join(f"{name}: {path}" for name, path in paths.items())))
        assert said.startswith(f"~/c.yaml, line 2: 'folders.{key}' cannot be {path}: ")

    def test_a_pipe_is_refused_and_not_waited_for(self, home: Path) -> None:
        os.mkfifo(home / "pipe")
        assert "it is a file, and not a folder" in refusal(home, entries("watch: ~/pipe, output: ~/o"))

    def test_a_name_that_no_file_system_takes_is_refused(self, home: Path) -> None:
        assert "file name too long" in refusal(home, entries(f"watch: ~/{'n' * 256}, output: ~/o"))

    def test_a_name_that_is_no_utf_8(self, home: Path) -> None:
        (home / os.fsdecode(b"caf\xe9")).write_text("a file")
        (folder,) = read(home, entries(r'watch: "~/\udce9", output: ~/o'))
        assert os.fsencode(folder.watch.name) == b"\xe9"
        assert "'folders.watch' cannot be ~/caf\\xe9: " in refusal(home, entries(r'watch: "~/caf\udce9", output: ~/o'))


class TestWhatIsWanted:
    def test_an_unknown_network_is_refused_with_the_line_of_its_folder(self, home: Path) -> None:
        text = entries("watch: ~/a, output: ~/o", "watch: ~/b, output: ~/o, network: u2net")
        assert refusal(home, text).startswith("~/c.yaml, line 3: 'u2net': no such matting network")

    def test_one_that_the_licences_forbid_too(self, home: Path) -> None:
        text = "licences: permissive\n" + entries("watch: ~/a, output: ~/o, network: rvm")
        assert refusal(home, text).startswith("~/c.yaml, line 3: network 'rvm' may not be used: its licence is")

    def test_a_network_that_is_said_outside_of_the_folders_has_the_file_alone(self, home: Path) -> None:
        said = refusal(home, "network: u2net\n" + entries("watch: ~/a, output: ~/o"))
        assert said.startswith("~/c.yaml: 'u2net': no such matting network")

    @pytest.mark.parametrize("background", ["~/no.jpg", "nocolour", "rgba(0, 0, 0, 0.5)"])
    def test_a_background_that_cannot_be_had_is_refused_where_a_composite_is_wanted(
        self, background: str, home: Path
    ) -> None:
        entry = f'watch: ~/a, output: ~/o, background: "{background}"'
        assert len(read(home, entries(entry))) == 1  # nobody looks at it
        said = refusal(home, entries(f"{entry}, want: composite"))
        assert said.startswith(f"~/c.yaml, line 2: background '{background}' is ")
        outside = f'background: "{background}"\n' + entries("watch: ~/a, output: ~/o, want: composite")
        assert refusal(home, outside).startswith(f"~/c.yaml: background '{background}' is ")

    def test_a_picture_as_the_background(self, home: Path) -> None:
        Image.new("RGB", (4, 3), "blue").save(home / "海 边.png")
        (folder,) = read(home, entries("watch: ~/a, output: ~/o, want: composite, background: ~/海 边.png"))
        assert folder.settings.background == "~/海 边.png"
