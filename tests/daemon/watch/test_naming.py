from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.watch.job import Writer
from daemon.watch.naming import ERROR, Names, Origin, Places, beside_of, numbered

HOT = Path("/hot")
ENDINGS = {"cutout": ".png", "matte": ".png", "report": ".json"}
# What a photo can be called: any bytes, short or as long as a file system takes it.
STEMS = st.binary(min_size=1, max_size=251).filter(lambda each: not {0, ord("/")} & {*each}).map(os.fsdecode)
PICTURES = st.builds(
    lambda stem, suffix: stem + suffix,
    st.one_of(STEMS, st.sampled_from(["a", "a-2", "a.jpg", "é" * 124])),
    st.sampled_from([".jpg", ".png"]),
).filter(lambda name: not name.startswith("."))
CONFLICTS = st.sampled_from(["suffix", "skip", "overwrite"])


def of(name: str) -> Origin:
    return HOT, name


class Written:
    """Results that jobs have written, as the ledger knows them."""

    def __init__(self) -> None:
        self.writers: dict[Path, Writer] = {}
        self.names = Names(self.writers.get)

    def write(self, origin: Origin, places: Places) -> None:
        for path in places.files.values():
            path.parent.mkdir(exist_ok=True)
            path.touch()
            self.writers[path] = Writer(origin, promised=False)

    def job(self, name: str, folder: Path, conflict: str = "suffix") -> list[str]:
        """What the results of one picture are called, which are there then."""
        with self.names.results(of(name), folder, Path(name).name, ENDINGS, conflict) as places:
            self.write(of(name), places)
            return called(places.files)


def called(files: Mapping[str, Path]) -> list[str]:
    return [each.name for each in files.values()]


def results(base: str) -> list[str]:
    return [f"{base}.{kind}{ending}" for kind, ending in ENDINGS.items()]


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.mark.parametrize("conflict", ["suffix", "skip", "overwrite"])
def test_a_result_is_called_after_its_picture(written: Written, tmp_path: Path, conflict: str) -> None:
    assert written.job("holiday/a.jpg", tmp_path, conflict) == results("a")


@pytest.mark.parametrize("conflict", ["suffix", "skip", "overwrite"])
def test_two_pictures_of_one_stem_are_told_apart_by_their_whole_names(
    written: Written, tmp_path: Path, conflict: str
) -> None:
    assert written.job("a.jpg", tmp_path, conflict) == results("a")
    assert written.job("a.png", tmp_path, conflict) == results("a.png")


def test_also_while_the_first_is_not_written_yet(written: Written, tmp_path: Path) -> None:
    with written.names.results(of("a.jpg"), tmp_path, "a.jpg", ENDINGS, "overwrite"):
        assert written.job("a.png", tmp_path, "overwrite") == results("a.png")


def test_also_while_the_first_is_only_journalled(written: Written, tmp_path: Path) -> None:
    """As after a crash: its results lie beside their places."""
    for each in results("a"):
        written.writers[tmp_path / each] = Writer(of("a.jpg"), promised=True)
    assert written.job("a.png", tmp_path, "overwrite") == results("a.png")
    assert written.job("a", tmp_path, "suffix") == results("a-2")


def test_a_number_is_added_where_a_name_is_taken(written: Written, tmp_path: Path) -> None:
    (tmp_path / "a.matte.png").touch()
    assert written.job("a.jpg", tmp_path) == results("a-2")
    assert written.job("a.jpg", tmp_path) == results("a-3")


def test_what_has_a_name_is_written_over_where_that_is_wanted(written: Written, tmp_path: Path) -> None:
    (tmp_path / "a.matte.png").touch()
    for _ in range(2):
        with written.names.results(of("a.jpg"), tmp_path, "a.jpg", ENDINGS, "overwrite") as places:
            assert (called(places.files), places.replaces) == (results("a"), True)
            written.write(of("a.jpg"), places)


def test_what_is_there_is_left_where_that_is_wanted(written: Written, tmp_path: Path) -> None:
    (tmp_path / "a.matte.png").touch()
    with written.names.results(of("a.jpg"), tmp_path, "a.jpg", ENDINGS, "skip") as places:
        assert (set(places.files), places.replaces) == ({"cutout", "report"}, False)
        written.write(of("a.jpg"), places)
    assert written.job("a.jpg", tmp_path, "skip") == []


@pytest.mark.parametrize("conflict", ["skip", "overwrite"])
def test_no_other_pictures_result_is_skipped_or_written_over(written: Written, tmp_path: Path, conflict: str) -> None:
    for each in ("one/a.jpg", "two/a.jpg", "three/a.jpg"):
        assert len(written.job(each, tmp_path, conflict)) == 3
    assert len(set(tmp_path.iterdir())) == 9


def test_a_link_that_leads_nowhere_has_its_name(written: Written, tmp_path: Path) -> None:
    (tmp_path / "a.matte.png").symlink_to("nowhere")
    (tmp_path / "a.jpg").symlink_to("nowhere")
    assert written.job("a.jpg", tmp_path) == results("a-2")
    with written.names.moved(tmp_path, "a.jpg") as path:
        assert path.name == "a-2.jpg"


def test_names_are_free_again_after_the_job(written: Written, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), written.names.results(of("a.jpg"), tmp_path, "a.jpg", ENDINGS, "suffix"):
        raise ZeroDivisionError
    assert written.job("a.png", tmp_path) == results("a")
    for _ in range(2):
        with written.names.moved(tmp_path, "sub/a.jpg", beside=ERROR) as path:
            assert path == tmp_path / "sub" / "a.jpg"


def test_an_original_goes_where_neither_it_nor_its_reason_meets_another(written: Written, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a-2.jpg.error.txt").touch()
    with written.names.moved(tmp_path, "a.jpg", beside=ERROR) as path:
        assert path.name == "a-3.jpg"
        with written.names.moved(tmp_path, "a.jpg") as other:
            assert other.name == "a-2.jpg"


@given(jobs=st.lists(st.tuples(PICTURES, st.sampled_from(["in", "other"]), CONFLICTS, st.booleans()), max_size=8))
def test_no_two_jobs_of_one_moment_share_a_name(jobs: list[tuple[str, str, str, bool]]) -> None:
    """Of any names and conflicts, into one folder; some are written before the next begins, and some end."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_ones:
        names = Written()
        held: list[Path] = []
        for name, hot, conflict, is_written in jobs:
            origin = (Path(hot), name)
            places = open_ones.enter_context(names.names.results(origin, Path(folder), name, ENDINGS, conflict))
            if is_written:
                names.write(origin, places)
            held += places.files.values()
        assert len(held) == len(set(held))


@settings(max_examples=20)
@given(st.lists(PICTURES, max_size=6))
def test_every_name_can_be_one(names: list[str]) -> None:
    """At most 255 bytes (NAME_MAX), with whatever is added."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as open_ones:
        written = Written()
        for each in names * 3:
            path = open_ones.enter_context(written.names.moved(Path(folder), each, beside=ERROR))
            path.touch()
            beside_of(path, ERROR).touch()
            written.job(each, Path(folder))


@given(PICTURES)
def test_numbered_names_keep_their_suffix_and_have_no_end(name: str) -> None:
    paths = [path for _, path in zip(range(30), numbered(Path("/", name)), strict=False)]
    assert len(set(paths)) == 30
    assert {path.suffix for path in paths} == {Path(name).suffix}
    assert max(len(os.fsencode(path.name)) for path in paths[1:]) <= 255


def test_what_lies_beside_a_file_is_told_by_its_whole_name() -> None:
    assert beside_of(Path("/x/a.jpg"), ERROR) == Path("/x/a.jpg.error.txt")
    assert beside_of(Path("/x/a.jpg"), "") == Path("/x/a.jpg")
