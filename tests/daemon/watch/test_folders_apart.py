"""Hot folders that could take one another's files, or their own results, are refused with the line in the config."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from daemon.watch.folders import hot_folders
from daemon.watch.hot_folder import HotFolder, Sighting
from daemon.watch.scan import scan
from engine.errors import ConfigError
from engine.settings import Folder, Settings
from tests.daemon.watch.binding import bound
from tests.daemon.watch.configs import entries, read, refusal


@pytest.mark.parametrize(
    "folders",
    [
        ["watch: ~/in, output: ~/in/out"],
        ["watch: ~/in, output: ~/in/out, done: ~/in/done, failed: ~/in/bad/of today"],
        ["watch: ~/in, output: ~/o, failed: ~/o"],
        ["watch: ~/in, output: ~/o, done: ~/o"],
        ["watch: ~/in, output: ~/o, failed: ~/o/failed, done: ~/o/done"],
        ["watch: ~/in, output: ~/o", "watch: ~/other, output: ~/o"],
        ["watch: ~/in, output: ~/other/out", "watch: ~/other, output: ~/in/out"],
        ["watch: ~/in, output: ~/o, recursive: no", "watch: ~/in/deep, output: ~/o"],
        ["watch: ~/in/deep, output: ~/o", "watch: ~/in, output: ~/o, recursive: no"],
        ["watch: ~/in, output: ~/o", "watch: ~/in2, output: ~/o"],  # a name that begins with another
        ["watch: ~/in, output: ~/in-out"],
        ["watch: ~/in, output: ~/o, done: delete"],
    ],
)
def test_folders_that_are_safe_beside_one_another(folders: Sequence[str], home: Path) -> None:
    assert len(read(home, entries(*folders))) == len(folders)


@pytest.mark.parametrize(
    ("folders", "line", "said"),
    [
        (
            ["watch: ~/in, output: ~/o", "watch: ~/in, output: ~/p"],
            3,
            "watch' cannot be ~/in: it is the watched folder of line 2.",
        ),
        (
            ["watch: ~/in, output: ~/o", "watch: ~/x/../in/., output: ~/p"],
            3,
            "watch' cannot be ~/in: it is the watched folder of line 2.",
        ),
        (
            ["watch: ~/in, output: ~/o", "watch: ~/in/deep, output: ~/o"],
            3,
            "watch' cannot be ~/in/deep: it lies in the watched folder of line 2, ~/in.",
        ),
        (
            ["watch: ~/in/deep, output: ~/o", "watch: ~/in, output: ~/o"],
            2,
            "watch' cannot be ~/in/deep: it lies in the watched folder of line 3, ~/in.",
        ),
        (
            ["watch: ~/in, output: ~/o", "watch: ~/in/deep, output: ~/o, recursive: no"],
            3,
            "watch' cannot be ~/in/deep: it lies in",
        ),
        (["watch: ~/in, output: ~/in"], 2, "output' cannot be ~/in: it is the watched folder of line 2."),
        (
            ["watch: ~/in, output: ~/"],
            2,
            "output' cannot be ~: the watched folder of line 2 lies in it, ~/in.",
        ),
        (["watch: ~/in, output: ~/o, failed: ~/in"], 2, "failed' cannot be ~/in"),
        (["watch: ~/in, output: ~/o, failed: /"], 2, "failed' cannot be /"),
        (["watch: ~/in, output: ~/o, done: ~/in"], 2, "done' cannot be ~/in"),
        (["watch: ~/in, output: ~/o, done: ~/"], 2, "done' cannot be ~"),
        (["watch: ~/failed, output: ~/out"], 2, "failed' cannot be ~/failed"),
        (
            ["watch: ~/in, output: ~/b", "watch: ~/b, output: ~/o"],
            2,
            "output' cannot be ~/b: it is the watched folder of line 3.",
        ),
        (
            ["watch: ~/a, output: ~/o", "watch: ~/b, output: ~/p, done: ~/a"],
            3,
            "done' cannot be ~/a: it is the watched folder of line 2.",
        ),
        (
            ["watch: ~/in, output: ~/b", "watch: ~/b/in, output: ~/o"],
            2,
            "output' cannot be ~/b: the watched folder of line 3 lies in it",
        ),
        (["watch: ~/in, output: ~/in/out", "watch: ~/in/out/more, output: ~/o"], 3, "watch' cannot be ~/in/out/more"),
        (
            ["watch: ~/in, output: ~/in/out, recursive: no", "watch: ~/in/out/more, output: ~/o"],
            2,
            "output' cannot be ~/in/out",
        ),
        (
            ["watch: ~/in, output: ~/o, done: ~/o/failed, failed: ~/o/failed"],
            2,
            "done' cannot be ~/o/failed: it is the folder of those that failed.",
        ),
        (
            ["watch: ~/in, output: ~/o, done: ~/failed"],
            2,
            "done' cannot be ~/failed: it is the folder of those that failed.",
        ),
        (["watch: ~no-such-user/in, output: ~/o"], 2, "there is no user 'no-such-user'"),
    ],
)
def test_folders_that_harm_one_another_are_refused_with_the_line(
    folders: Sequence[str], line: int, said: str, home: Path
) -> None:
    sentence = refusal(home, entries(*folders))
    assert sentence.startswith(f"~/c.yaml, line {line}: ")
    assert said in sentence


class TestLinks:
    def test_they_are_followed_also_where_the_end_is_not_there_yet(self, home: Path) -> None:
        (home / "link").symlink_to("disk")
        (folder,) = read(home, entries("watch: ~/link/in, output: ~/link/in/out"))
        assert (folder.watch, folder.output) == (home / "disk/in", home / "disk/in/out")
        assert folder.excluded == {home / "disk/in/out", home / "disk/in/failed"}

    @pytest.mark.parametrize(
        ("folders", "line"),
        [
            (["watch: ~/in, output: ~/o", "watch: ~/link, output: ~/o"], 3),
            (["watch: ~/in, output: ~/o", "watch: ~/link/deep, output: ~/o"], 3),
            (["watch: ~/in, output: ~/link"], 2),
            (["watch: ~/in/deep, output: ~/link"], 2),
            (["watch: ~/in, output: ~/o, done: ~/link"], 2),
        ],
    )
    def test_a_folder_behind_a_link_is_the_same(self, folders: Sequence[str], line: int, home: Path) -> None:
        (home / "in/deep").mkdir(parents=True)
        (home / "link").symlink_to("in")
        assert refusal(home, entries(*folders)).startswith(f"~/c.yaml, line {line}: ")

    def test_two_dots_after_a_link_lead_to_where_the_link_leads(self, home: Path) -> None:
        (home / "disk/deep").mkdir(parents=True)
        (home / "link").symlink_to("disk/deep")
        text = entries("watch: ~/disk/in, output: ~/o", "watch: ~/link/../in, output: ~/o")
        assert refusal(home, text).startswith("~/c.yaml, line 3: ")

    @pytest.mark.parametrize("key", ["watch", "output", "failed", "done"])
    def test_a_circle_is_refused(self, key: str, home: Path) -> None:
        (home / "a").symlink_to("b")
        (home / "b").symlink_to("a")
        paths = {"watch": "~/in", "output": "~/o", "failed": "~/f", "done": "~/d", key: "~/a/x"}
        said = refusal(home, entries(", ".join(f"{name}: {path}" for name, path in paths.items())))
        assert said.startswith(f"~/c.yaml, line 2: 'folders.{key}' cannot be ~/")
        assert "too many levels of symbolic links" in said


class TestBindMounts:
    @pytest.fixture
    def shown(self, home: Path) -> Iterator[Path]:
        """A folder in which the folder "in" is seen a second time."""
        (home / "in/deep/out").mkdir(parents=True)
        (home / "shown").mkdir()
        with bound(home / "in/deep", home / "shown"):
            yield home / "shown"

    @pytest.mark.usefixtures("shown")
    @pytest.mark.parametrize(
        ("folders", "line"),
        [
            (["watch: ~/in/deep, output: ~/o", "watch: ~/shown, output: ~/o"], 3),
            (["watch: ~/in, output: ~/o", "watch: ~/shown, output: ~/o"], 3),
            (["watch: ~/shown, output: ~/o", "watch: ~/in/deep/x/y, output: ~/o"], 3),
            (["watch: ~/in/deep, output: ~/shown"], 2),
            (["watch: ~/in/deep/x, output: ~/shown"], 2),
        ],
    )
    def test_a_folder_that_is_seen_twice_is_the_same(self, folders: Sequence[str], line: int, home: Path) -> None:
        assert refusal(home, entries(*folders)).startswith(f"~/c.yaml, line {line}: ")

    def test_an_output_that_is_seen_in_the_watched_folder_is_not_looked_into(self, shown: Path, home: Path) -> None:
        (folder,) = read(home, entries(f"watch: ~/in, output: {shown}/out, failed: ~/bad"))
        assert folder.output == shown / "out"
        assert folder.excluded == {home / "in/deep/out"}

    def test_a_watched_folder_that_is_seen_in_itself_is_watched_once(self, home: Path) -> None:
        (home / "in/again").mkdir(parents=True)
        with bound(home / "in", home / "in/again"):
            (folder,) = read(home, entries("watch: ~/in, output: ~/o"))
            assert folder.excluded == {home / "in/again"}


NAMES = ("a", "b", "c", "link")
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)


@st.composite
def some_folders(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One or two entries whose folders often have to do with one another; some paths lead over links."""
    count = draw(st.integers(1, 2))
    kinds = {"watch": paths, "output": paths, "failed": st.none() | paths, "done": st.just("keep") | paths}
    return [
        {key: value for key, kind in kinds.items() if (value := draw(kind)) is not None}
        | {"recursive": draw(st.booleans())}
        for _ in range(count)
    ]


def found_in(folder: HotFolder) -> Iterator[tuple[int, int]]:
    """The pictures that a look through a hot folder finds, by what they are."""
    for each in scan(folder):
        assert isinstance(each, Sighting)
        yield identity(folder.watch / each.name)


def with_a_picture(folder: Path) -> tuple[int, int]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "photo.jpg").touch()
    return identity(folder / "photo.jpg")


def identity(file: Path) -> tuple[int, int]:
    return file.stat().st_dev, file.stat().st_ino


@given(said=some_folders(), target=st.sampled_from(["a", "b", "a/b", "b/a"]), mirrored=paths)
@examples(max_examples=100)
def test_no_file_is_found_twice_and_none_that_the_program_wrote(
    said: list[dict[str, Any]], target: str, mirrored: str
) -> None:
    """Whatever is accepted; files are dropped into the watched folders and written wherever results may go."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve()
        (top / target).mkdir(parents=True)
        (top / "link").symlink_to(target)

        def placed(value: Any) -> Any:
            return value if isinstance(value, bool) or value == "keep" else str(top / value)

        folders = tuple(Folder(**{key: placed(value) for key, value in each.items()}) for each in said)
        try:
            hot = hot_folders(Settings(folders=folders), None)
        except ConfigError:
            assume(False)
        written = set()
        for each in hot:
            done = [each.done] if isinstance(each.done, Path) else []
            for folder in (each.output, each.failed, *done):
                written |= {with_a_picture(folder), with_a_picture(folder / mirrored)}
        dropped = {with_a_picture(each.watch) for each in hot}
        found = [file for each in hot for file in found_in(each)]
        assert len(found) == len(set(found))
        assert not written & set(found)
        assert dropped <= set(found)
