from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inputs import SUFFIXES
from daemon.watch.names import is_entered, is_shortcut, is_taken, is_unfinished, waits_for

ALL = ("*",)
# A name as Linux allows it: any bytes but / and NUL.
names = st.binary(min_size=1, max_size=60).map(lambda raw: os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"_")))


@pytest.mark.parametrize(
    "name",
    [
        *("a.jpg", "A.JPG", "a.b.Jpeg", "with space.png", "-rf.webp", "zeile\n2.tif", "人.heic", "a(1).jpg", "~a.jpg"),
        *("a.url", "A.URL", "site.desktop", "page.webloc", os.fsdecode(b"\xff\xfe.jpg"), "[x].png", "#1.jpg"),
    ],
)
def test_pictures_and_shortcuts_are_taken(name: str) -> None:
    assert is_taken(name, ALL)


@pytest.mark.parametrize(
    "name",
    [
        # hidden: also AppleDouble, rsync, Syncthing, Emacs, this program's own temporary files
        *(".a.jpg", "._a.jpg", ".a.jpg.Xa12Bc", ".syncthing.a.jpg.tmp", ".#a.jpg", ".bshm-0123.part", ".jpg", ".url"),
        # this program's results
        *("a.cutout.png", "a.matte.png", "a.composite.jpg", "a.report.json", "a.jpg.error.txt"),
        # not finished, and what editors and offices leave
        *("a.jpg.part", "a.jpg.crdownload", "a.jpg.filepart", "a.jpg~", "#a.jpg#", "~$a.jpg", "a.jpg.tmp", "a.jpg.!ut"),
        # sidecars and other files
        *(
            "a.xmp",
            "a.jpg.xmp",
            "a.aae",
            "Thumbs.db",
            "desktop.ini",
            "a.jpg.lock",
            ".~lock.a.jpg#",
            "a",
            "a.txt",
            "jpg",
        ),
    ],
)
def test_other_files_are_left_alone(name: str) -> None:
    assert not is_taken(name, ALL)


@pytest.mark.parametrize(
    ("name", "patterns", "taken"),
    [
        ("IMG_1.JPG", ("img_*.jpg",), True),
        ("img_1.jpg", ("IMG_*",), True),
        ("a.png", ("*.jpg", "*.png"), True),
        ("a.png", ("*.jpg",), False),
        ("a.txt", ("*.txt",), False),
        ("a1.jpg", ("a[0-9].jpg",), True),
        ("ab.jpg", ("a[0-9].jpg",), False),
        ("zeile\n2.jpg", ("zeile*",), True),
        ("page.url", ("*.jpg",), False),
    ],
)
def test_a_name_must_match_a_glob_in_any_case_of_letters(name: str, patterns: tuple[str, ...], taken: bool) -> None:
    assert is_taken(name, patterns) is taken


def test_letters_with_accents_match_however_they_are_written() -> None:
    pattern = unicodedata.normalize("NFC", "é*.jpg")
    assert is_taken(unicodedata.normalize("NFD", "école.jpg"), (pattern,))
    assert is_taken(unicodedata.normalize("NFC", "école.jpg"), (unicodedata.normalize("NFD", pattern),))


@given(names)
def test_any_bytes_have_an_answer(name: str) -> None:
    if is_taken(name, ALL):
        assert not name.startswith(".")
        assert is_shortcut(name) or name.lower().endswith(tuple(SUFFIXES))
    assert not is_taken("." + name, ALL)
    assert not is_entered("." + name)
    assert is_unfinished(name + ".part", name)


@given(names)
def test_nothing_is_taken_whose_name_says_that_it_is_unfinished(name: str) -> None:
    assert not any(is_taken(each, ALL) for each in waits_for(name))


@pytest.mark.parametrize("name", ["2024", "Wedding (raw)", "人", "a.jpg", os.fsdecode(b"\xff"), "recycle", "eaDir"])
def test_folders_of_people_are_entered(name: str) -> None:
    assert is_entered(name)


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "@EADIR", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found", "__MACOSX"),
        *(
            ".Trash-1000",
            ".thumbnails",
            ".git",
            "@Recycle",
            ".@__thumb",
            "a.jpg.download",
            "Previews.lrdata",
            ".",
            "..",
        ),
    ],
)
def test_folders_of_programs_are_not(name: str) -> None:
    assert not is_entered(name)


@pytest.mark.parametrize(
    "other",
    ["a b.jpg.part", "a b.jpg.crdownload", "a b.jpg.filepart", "a b.jpg.aria2", "a b.Xy12-bCd.jpg.part"],
)
def test_an_unfinished_file_belongs_to_the_picture_that_it_becomes(other: str) -> None:
    assert is_unfinished(other, "a b.jpg")


@pytest.mark.parametrize("other", ["a b.jpg", "b.jpg.part", "a b.png.part", "a b.2.jpg.part", "a b.part"])
def test_other_files_beside_it_do_not(other: str) -> None:
    assert not is_unfinished(other, "a b.jpg")
