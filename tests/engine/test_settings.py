"""Every setting has a check, which its default passes."""

from __future__ import annotations

import os
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.settings import CHECKS, SHARED, Folder, Settings, is_people


def leaves(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Every setting by its dotted name; of `folders` those of the first."""
    found: dict[str, Any] = {}
    for each in fields(settings):
        value = getattr(settings, each.name)
        if each.name == "folders":
            found |= leaves(value[0], "folders.")
        elif is_dataclass(value):
            found |= leaves(value, f"{each.name}.")
        elif each.compare:
            found[prefix + each.name] = value
    return found


def test_each_setting_has_a_check_and_its_default_passes_it() -> None:
    defaults = leaves(Settings())
    assert set(CHECKS) == set(defaults)
    assert all(CHECKS[key][0](value) for key, value in defaults.items() if value is not None)


def test_a_folder_has_its_own_of_what_is_said_of_pictures() -> None:
    """None in a folder is what stands outside of it: there is no other None, and the checks and types are the same."""
    outer, inner = get_type_hints(Settings), get_type_hints(Folder)
    assert {key for key in inner if key in outer} - {"watch"} == set(SHARED)  # which is a section outside
    assert {each.name for each in fields(Folder) if each.default is None} - {"failed"} == set(SHARED) - {"want"}
    for key in SHARED:
        assert CHECKS[f"folders.{key}"] == CHECKS[key]
        assert inner[key] in (outer[key], outer[key] | None)


def test_the_line_of_a_folder_is_not_compared() -> None:
    assert Folder("/in", "/out", line=3) == Folder("/in", "/out", line=30)
    assert hash(Folder("/in", "/out", line=3)) == hash(Folder("/in", "/out", line=30))


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("device", "cuda", True),
        ("device", "cuda:1", True),
        ("device", "mps", True),
        ("device", "cuda:", False),
        ("device", "cuda:-1", False),
        ("device", "cuda:１", False),  # a digit, but not one of ours
        ("device", "CUDA", False),
        ("gpu.memory_fraction", 0.5, True),
        ("gpu.memory_fraction", 0, False),
        ("gpu.memory_fraction", 1.1, False),
        ("tf1.python", "auto", True),
        ("tf1.python", "~/py37/bin/python", True),
        ("tf1.python", "python3.7", False),
        ("mirrors", (), True),
        ("mirrors", ("https://huggingface.co=https://mirror.example.org/hf?a=b",), True),
        ("mirrors", ("https://huggingface.co",), False),
        ("mirrors", ("https://huggingface.co=http://mirror.example.org",), False),
        ("folders.watch", "/", True),
        ("folders.watch", "~", True),
        ("folders.watch", "~anna/照片", True),
        ("folders.watch", "/\udce9t\udce9", True),  # bytes that are no UTF-8
        ("folders.watch", "/\ud800", False),  # half a character, which no file name can be
        ("folders.watch", "/a\0b", False),
        ("folders.watch", "in", False),
        ("folders.watch", "./in", False),
        ("folders.watch", "", False),
        ("folders.watch", "$HOME/in", False),
        ("folders.done", "keep", True),
        ("folders.done", "delete", True),
        ("folders.done", "~/done", True),
        ("folders.done", "move", False),
        ("folders.pattern", ("*.jpg", "IMG_[0-9]*"), True),
        ("folders.pattern", (), False),
        ("folders.pattern", ("",), False),
        ("folders.pattern", ("a/*.jpg",), False),
        ("watch.settle", 0.1, True),
        ("watch.settle", 3600, True),
        ("watch.settle", 0, False),
        ("watch.settle", float("nan"), False),
        ("watch.scan", 1, True),
        ("watch.scan", 86_400, True),
        ("watch.scan", 86_401, False),
    ],
)
def test_what_a_hot_folder_may_be(key: str, value: Any, wanted: bool) -> None:
    assert CHECKS[key][0](value) is wanted


@given(st.text(max_size=6).map(lambda text: f"/{text}"))
def test_a_folder_that_passes_is_a_path_for_the_system(text: str) -> None:
    if CHECKS["folders.output"][0](text):
        assert not os.access(text + "/no such file", os.F_OK)  # raises where it is none


@pytest.mark.parametrize(
    ("value", "wanted"), [("auto", True), ("all", True), ("largest", True), (1, True), (0, False), ("some", False)]
)
def test_is_people(value: str | int, wanted: bool) -> None:
    assert is_people(value) is wanted
