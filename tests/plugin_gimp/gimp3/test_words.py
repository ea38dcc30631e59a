"""The plug-in's translations: complete, and compiled from what can be read."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

PLUG_IN = Path(__file__).parents[3] / "plugin_gimp" / "gimp3" / "bshm-cut-out"
CATALOGUES = sorted(PLUG_IN.glob("locale/*/LC_MESSAGES/bshm-cut-out.po"))


def texts_in_the_source() -> set[str]:
    """Whatever _() and N_() are given."""
    found = extract_from_dir(PLUG_IN, [("**.py", "python")], keywords={"_": None, "N_": None})
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def catalogue(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, abort_invalid=True)


def texts_of(known: Catalog) -> dict[str, str]:
    return {str(each.id): str(each.string) for each in known if each.id}


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%s", text))


def test_chinese_is_among_them() -> None:
    assert [each.parts[-3] for each in CATALOGUES] == ["zh_CN"]


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_each_text_is_translated_and_no_other(file: Path) -> None:
    translated = texts_of(catalogue(file))
    assert translated.keys() == texts_in_the_source()
    assert not [text for text, translation in translated.items() if not translation]


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_translations_have_the_same_values_in_them(file: Path) -> None:
    for each in catalogue(file):
        assert placeholders(str(each.id)) == placeholders(str(each.string)), each.id


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_labels_have_a_key_where_english_has_one(file: Path) -> None:
    """No two of a dialog have the same."""
    keys = [
        re.findall(r"\(_([A-Z])\)", str(each.string)) for each in catalogue(file) if re.search(r"_\w", str(each.id))
    ]
    assert all(len(each) == 1 for each in keys)
    assert len({each for (each,) in keys}) == len(keys)


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_what_gimp_reads_was_compiled_from_it(file: Path) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(file))
    compiled.seek(0)
    with file.with_suffix(".mo").open("rb") as stream:
        assert texts_of(read_mo(stream)) == texts_of(read_mo(compiled))
