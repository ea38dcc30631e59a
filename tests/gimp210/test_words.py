"""Whatever comes from elsewhere is shown as proper UTF-8: GIMP shows nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gimp210.python2 import Python2, Raised, Text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b"/a/\xff\xe9", "/a/\ufffd\ufffd"),
        (Text("/a/\udcff\udce9"), "/a/\ufffd\ufffd"),
        (Text("\ud83d"), "\ufffd"),
        (Text("引擎 😀"), "引擎 😀"),
        ("引擎 😀".encode(), "引擎 😀"),
        (3, "3"),
    ],
)
def test_what_is_no_utf8_is_replaced(value: object, shown: str, python2: Python2) -> None:
    assert python2("words.as_text", value).result.decode("utf-8") == shown


@pytest.mark.parametrize("why", [b"caf\xe9", "café".encode(), Text("café"), Text("\udcff")])
def test_an_errors_words_are_shown_whatever_they_are(why: object, python2: Python2) -> None:
    text = python2("words.as_text", Raised(why)).result.decode("utf-8")
    assert text in ("caf\ufffd", "café", "\ufffd")


@settings(max_examples=60)
@given(value=st.binary(max_size=30) | st.builds(Text, st.text(st.characters(exclude_categories=()), max_size=30)))
def test_nothing_is_no_utf8_afterwards(value: object, python2: Python2) -> None:
    python2("words.as_text", value).result.decode("utf-8")
    python2("words.as_text", Raised(value)).result.decode("utf-8")
