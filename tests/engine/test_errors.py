"""Every error is a sentence, keeps its parts, and has the exit code that the tree at the top of the module promises."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest

from engine import errors
from engine.errors import BshmError, ConfigError, DownloadError, system_reason


def descendants(kind: type[BshmError]) -> Iterator[type[BshmError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from descendants(each)


ALL = [each for each in descendants(BshmError) if each.__module__ == errors.__name__]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (("a.jpg: no such file",), "a.jpg: no such file."),
        (("a.jpg: not a picture", "it is empty"), "a.jpg: not a picture: it is empty."),
        (("a.jpg: too large", "", "Raise the limit"), "a.jpg: too large. Raise the limit."),
        (("a.jpg: too large", "900 MB", "Raise the limit"), "a.jpg: too large: 900 MB. Raise the limit."),
    ],
)
def test_the_parts_make_one_sentence_or_two(parts: tuple[str, ...], sentence: str) -> None:
    assert str(BshmError(*parts)) == sentence


def test_the_parts_can_be_read_one_by_one() -> None:
    error = ConfigError("what", "why", "remedy")
    assert (error.what, error.why, error.remedy) == ("what", "why", "remedy")


@pytest.mark.parametrize("kind", ALL)
def test_an_error_passes_between_processes_whole(kind: type[BshmError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", "why", "remedy")))  # noqa: S301  # made on the line itself
    assert type(error) is kind
    assert str(error) == "what: why. remedy."


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(r"^ {4}[│├└─ ]*(\w+)(?:.*exit code (\d+))?", errors.__doc__, re.MULTILINE)
    assert {name for name, _ in drawn} == {each.__name__ for each in ALL}
    codes = {each.__name__: str(each.exit_code) for each in ALL}
    for name, code in drawn:
        assert code in ("", codes[name])


def test_kinds_of_an_error_share_its_exit_code() -> None:
    assert ConfigError("").exit_code == 2
    assert DownloadError("").exit_code == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(2, "No such file or directory", "a"), "no such file or directory"),
        (OSError("Too many links"), "too many links"),
        (OSError(), ""),
    ],
)
def test_the_systems_words_stand_in_the_middle_of_a_sentence(error: OSError, words: str) -> None:
    assert system_reason(error) == words
