"""What GIMP 2.10 demands of a plug-in's files; and the translations."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from tests.gimp210.python2 import INSIDE, PLUG_IN, running

SOURCES = sorted(PLUG_IN.rglob("*.py"))
CATALOGUES = sorted(PLUG_IN.glob("locale/*/LC_MESSAGES/bshm-cut-out.po"))


@pytest.mark.parametrize("file", [*SOURCES, *sorted(INSIDE.glob("*.py"))], ids=lambda file: file.name)
def test_python_2_compiles_it(file: Path, python27: str) -> None:
    code = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"
    ran = subprocess.run([python27, "-B", "-c", code, str(file)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_gimp_can_start_it() -> None:
    """An executable file that is called like its folder; its first line leads to Python 2."""
    entry = PLUG_IN / f"{PLUG_IN.name}.py"
    assert entry.stat().st_mode & 0o111 == 0o111
    assert entry.read_text(encoding="utf-8").startswith("#!/usr/bin/env python2\n")


def texts_in_the_source() -> set[str]:
    found = extract_from_dir(PLUG_IN, [("**.py", "python")], keywords={"N_": None})
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def catalogue(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, abort_invalid=True)


def texts_of(known: Catalog) -> dict[str, str]:
    return {str(each.id): str(each.string) for each in known if each.id}


def test_chinese_is_among_the_languages() -> None:
    assert [each.parts[-3] for each in CATALOGUES] == ["zh_CN"]


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_each_text_is_translated_and_no_other(file: Path) -> None:
    translated = texts_of(catalogue(file))
    assert translated.keys() == texts_in_the_source()
    assert not [text for text, translation in translated.items() if not translation]


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_translations_have_the_same_values_in_them(file: Path) -> None:
    def values(text: object) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)s|%s", str(text)))

    for each in catalogue(file):
        assert values(each.id) == values(each.string), each.id


@pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.parts[-3])
def test_what_gimp_reads_was_compiled_from_it(file: Path) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(file))
    compiled.seek(0)
    with file.with_suffix(".mo").open("rb") as stream:
        assert texts_of(read_mo(stream)) == texts_of(read_mo(compiled))


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ({"LANGUAGE": "zh_CN"}, "zh"),
        ({"LANGUAGE": "de:zh_CN:en"}, "zh"),
        ({"LANGUAGE": "", "LC_ALL": "", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANGUAGE": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANGUAGE": "en:zh_CN", "LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANGUAGE": "en_GB", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANGUAGE": "de", "LC_ALL": "C.UTF-8"}, "en"),
    ],
)
def test_it_speaks_gimps_language(said: dict[str, str], language: str, python27: str) -> None:
    """GIMP hands the language of its preferences on as $LANGUAGE."""
    with running(said) as python:
        text = python("words.in_our_language", "Finding people").result.decode("utf-8")
    assert text == {"zh": "正在找人", "en": "Finding people"}[language]
