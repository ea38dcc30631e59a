"""config.yaml is read strictly: what it refuses, it refuses with the line, the reason and the choices."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.config_file import config_path, load_settings, parse_settings
from engine.errors import ConfigError
from engine.settings import CHECKS, SHARED, Folder, Limits, Links, Settings
from tests.engine.test_settings import leaves

SHIPPED = Path(__file__).parents[2] / "config.yaml"


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "c.yaml")
    return str(caught.value)


def test_the_shipped_file_says_every_default() -> None:
    assert load_settings(SHIPPED) == Settings()


def test_every_key_stands_in_the_shipped_file() -> None:
    """What a folder takes from outside of it stands there as a comment, which is the outer setting's default too."""
    text = re.sub(r"^    # (\w+: \S+)$", r"    \1", SHIPPED.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(dotted(yaml.safe_load(text))) == set(CHECKS)
    outer = {key: getattr(Settings(), key) for key in SHARED if key != "want"}
    assert parse_settings(text).folders == (replace(*Settings().folders, **outer),)


def dotted(mapping: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The names of all keys; of `folders` those of the first."""
    for key, value in mapping.items():
        inner = value[0] if key == "folders" else value
        if isinstance(inner, dict):
            yield from dotted(inner, f"{key}.")
        else:
            yield prefix + key


@pytest.mark.parametrize(
    "text",
    ["", "# nothing but a comment\n", "---\n", "null\n", "~", "\ufeff", "limits:\nlinks:\n", "folders:\nwatch:\n"],
)
def test_what_says_nothing_means_the_defaults(text: str) -> None:
    assert parse_settings(text) == Settings()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("device: cpu", Settings(device="cpu")),
        ("threads: 2", Settings(threads=2)),
        ("people: 3", Settings(people=3)),
        ("people: largest", Settings(people="largest")),
        ("want: matte", Settings(want=("matte",))),
        ("want: [cutout, matte]", Settings(want=("cutout", "matte"))),
        ('background: "#3366cc"', Settings(background="#3366cc")),
        ("background: ~/图片/海 边.jpg", Settings(background="~/图片/海 边.jpg")),
        ("network: my-net_1.5", Settings(network="my-net_1.5")),
        ("limits: {megapixels: 0.5}", Settings(limits=Limits(megapixels=0.5))),
        ("\ufefflinks:\n  allow_private: yes\n  timeout: 5", Settings(links=Links(allow_private=True, timeout=5))),
    ],
)
def test_what_is_written_is_taken_and_the_rest_keeps_its_default(text: str, wanted: Settings) -> None:
    assert parse_settings(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("folders: []", ()),
        ("folders:\n- watch: /in\n  output: ~/out\n", (Folder("/in", "~/out"),)),
        (
            'folders:\n- {watch: /a, output: /o}\n- {watch: "/\\udce9", output: /o, done: /d, failed: /f}',
            (Folder("/a", "/o"), Folder("/\udce9", "/o", failed="/f", done="/d")),
        ),
        (
            'folders:\n- watch: /a\n  output: /b\n  pattern: "*.JPG"\n  want: composite\n  people: 3\n  report: no\n',
            (Folder("/a", "/b", pattern=("*.JPG",), want=("composite",), people=3, report=False),),
        ),
    ],
)
def test_each_folder_of_the_list_is_taken(text: str, wanted: tuple[Folder, ...]) -> None:
    assert parse_settings(text) == Settings(folders=wanted)


def test_each_folder_knows_its_line() -> None:
    text = "folders:\n  # one\n  - watch: /a\n    output: /b\n\n  -\n    output: /d\n    watch: /c\n"
    assert [each.line for each in parse_settings(text).folders] == [3, 7]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("device: cpu\ncolour: red\n", 2, ["unknown key 'colour'", "the keys are background, device"]),
        ("\n\nlimits:\n  megapixel: 3\n", 4, ["unknown key 'limits.megapixel'", "limits.megapixels"]),
        ("device: cpu\n\ndevice: cpu\n", 3, ["'device' stands there twice"]),
        ("links:\n  timeout: 1\n  timeout: 2\n", 3, ["'links.timeout' stands there twice"]),
        ("device: gpu", 1, ["'device' cannot be 'gpu'", "auto, cpu, cuda"]),
        ("device:", 1, ["'device' has no value", "auto, cpu, cuda"]),
        ("device: [cpu]", 1, ["'device' cannot be '[cpu]'"]),
        ("threads: -1", 1, ["'threads' cannot be '-1'", "0 to 1024"]),
        ("threads: 1.5", 1, ["'threads' cannot be '1.5'", "whole number"]),
        ("threads: true", 1, ["'threads' cannot be 'true'"]),
        ("threads: 99999999999999999999", 1, ["0 to 1024"]),
        ("people: 0", 1, ["'people' cannot be '0'", "auto, all, largest, or a number of at least 1"]),
        ("people: yes", 1, ["'people' cannot be 'yes'"]),
        ("want: []", 1, ["'want' cannot be '[]'"]),
        ("want:\n- matte\n- matte\n", 2, ["'want' cannot be '- matte - matte'"]),
        ("want: [matte, 3]", 1, ["one or several of cutout, matte, composite"]),
        ("want: {matte: yes}", 1, ["'want' cannot be"]),
        ("matte_bits: 12", 1, ["8 or 16"]),
        ("network: a/b", 1, ["auto or a network's name"]),
        ("network: 5", 1, ["'network' cannot be '5'"]),
        ("background: #3366cc", 1, ["'background' has no value", '"#3366cc" in quotes']),
        ("background: ' '", 1, ["a colour"]),
        ("limits: 5", 1, ["settings are written as 'key: value'"]),
        ("limits: {megapixels: 0}", 1, ["'limits.megapixels' cannot be '0'", "above 0"]),
        ("limits: {megabytes: .inf}", 1, ["at most 1000000"]),
        ("links: {timeout: .nan}", 1, ["above 0"]),
        ("links: {allow_private: 1}", 1, ["true or false"]),
        ("just words", 1, ["settings are written as 'key: value'"]),
        ("- device\n- cpu\n", 1, ["settings are written as 'key: value'"]),
        ("device: cpu\n  threads: 2\n", 2, ["not valid YAML"]),
        ("device: 'cpu\n", 2, ["not valid YAML"]),
        ("device: cpu\n---\ndevice: cuda\n", 2, ["not valid YAML", "another document"]),
        ("? [a, b]\n: c\n", 1, ["unknown key '?'"]),
        ("<<: {device: cpu}", 1, ["unknown key '<<'"]),
        ("device: !!python/object:os.system cpu", 1, ["'device' cannot be read", "could not determine a constructor"]),
        ("folders: {watch: /a, output: /b}", 1, ["'folders' is no list", "Begin each folder with '- watch: ...'"]),
        ("folders: ~/in", 1, ["'folders' is no list"]),
        ("folders:\n- ~/in\n", 2, ["settings are written as 'key: value'"]),
        ("folders:\n- watch: /a\n- watch: /b\n", 2, ["'folders.output' is missing", "begins with / or ~/"]),
        ("folders:\n- output: /a\n", 2, ["'folders.watch' is missing"]),
        ("folders:\n  -\n", 2, ["'folders.watch' is missing"]),
        ("folders:\n- watch: ~\n  output: /b\n", 2, ["'folders.watch' cannot be '~'", "begins with / or ~/"]),
        ("folders:\n- watch: in\n  output: /b\n", 2, ["'folders.watch' cannot be 'in'", "begins with / or ~"]),
        ("folders:\n- watch: /a\n  output: ./out\n", 3, ["'folders.output' cannot be './out'"]),
        (
            "folders:\n- watch: /a\n  line: 3\n",
            3,
            ["unknown key 'folders.line'", "folders.background, folders.conflict"],
        ),
        ("folders:\n- watch: /a\n  watch: /b\n", 3, ["'folders.watch' stands there twice"]),
        ("folders:\n- watch: /a\n  done: move\n", 3, ["one of keep, delete, or the path of a folder"]),
        ("folders:\n- watch: /a\n  failed:\n", 3, ["'folders.failed' has no value"]),
        ("folders:\n- watch: /a\n  format: gif\n", 3, ["'folders.format' cannot be 'gif'", "png, webp"]),
        ("folders:\n- watch: /a\n  people: 0\n", 3, ["'folders.people' cannot be '0'"]),
        ("folders:\n- watch: /a\n  pattern: a/*.jpg\n", 3, ["patterns of file names"]),
        ("folders:\n- watch: /a\n  pattern: *.jpg\n", 3, ["not valid YAML", 'in quotes, like "*.jpg"']),
        ("folders: &f\n- *f\n", 1, ["settings are written as"]),
        ("watch: {settle: 0}", 1, ["'watch.settle' cannot be '0'", "from 0.1 to 3600"]),
        ("watch: {scan: .inf}", 1, ["from 1 to 86400"]),
        ("watch:\n  start_engine: 1\n", 2, ["true or false"]),
        ("want: &w [*w]", 1, ["'want' cannot be read", "recursive"]),
    ],
)
def test_a_refusal_names_the_line_the_key_and_the_choices(text: str, line: int, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith(f"c.yaml, line {line}: ")
    assert "\n" not in said
    for each in words:
        assert each in said


@pytest.mark.parametrize("value", ["!!int abc", "!!bool maybe", "!!float x", "0x_", "2001-99-99", "!!timestamp now"])
def test_values_that_the_yaml_reader_chokes_on_are_refused_with_the_line(value: str) -> None:
    assert refusal(f"device: cpu\nthreads: {value}\n").startswith("c.yaml, line 2: 'threads' cannot be")


def test_a_long_value_is_shown_short() -> None:
    assert len(refusal(f"device: {'word ' * 1000}")) < 200


def test_a_nul_byte_is_refused_on_one_line() -> None:
    said = refusal("device: cpu\0")
    assert "special characters are not allowed" in said
    assert "\n" not in said


yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def read_or_refusal(text: str) -> Settings | str:
    try:
        return parse_settings(text, "c.yaml")
    except ConfigError as error:
        return str(error)


@given(key=st.sampled_from(sorted(CHECKS)), value=yaml_values)
def test_any_value_is_taken_as_it_is_or_refused_with_its_line(key: str, value: Any) -> None:
    *section, name = key.split(".")
    mapping: dict[str, Any] = {name: value}
    if section == ["folders"]:
        mapping = {"folders": [{"watch": "/a", "output": "/b"} | mapping]}
    elif section:
        mapping = {section[0]: mapping}
    result = read_or_refusal(yaml.safe_dump(mapping, allow_unicode=True))
    if isinstance(result, str):
        assert result.startswith("c.yaml, line ")
        assert key in result
    else:
        taken = leaves(result)[key]
        several = name in ("want", "pattern")
        assert taken == (tuple(value) if isinstance(value, list) else (value,) if several else value)
        assert CHECKS[key][0](taken)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    result = read_or_refusal(text)
    assert isinstance(result, Settings) or (result.startswith("c.yaml") and result.endswith("."))


class TestWhereTheFileLies:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        for name in ("BSHM_CONFIG", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        return tmp_path

    def test_in_the_home_folder(self, home: Path) -> None:
        assert config_path() == home / ".config/bshm/config.yaml"

    def test_in_the_xdg_folder(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "设 置"))
        assert config_path() == home / "设 置/bshm/config.yaml"

    def test_where_bshm_config_says(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BSHM_CONFIG", str(home / "mine.yaml"))
        assert config_path() == home / "mine.yaml"

    def test_no_file_means_the_defaults(self) -> None:
        assert load_settings() == Settings()

    def test_the_users_file_is_read(self, home: Path) -> None:
        file = home / ".config/bshm/config.yaml"
        file.parent.mkdir(parents=True)
        file.write_text("threads: 3\n", encoding="utf-8")
        assert load_settings() == Settings(threads=3)

    def test_a_file_that_was_asked_for_must_be_there(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ConfigError, match="no such config file"):
            load_settings(home / "missing.yaml")
        monkeypatch.setenv("BSHM_CONFIG", str(home / "missing.yaml"))
        with pytest.raises(ConfigError, match=r"missing\.yaml: no such config file"):
            load_settings()

    def test_a_folder_as_the_file_is_refused(self, home: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read: is a directory"):
            load_settings(home)

    def test_other_encodings_are_refused(self, home: Path) -> None:
        (home / "gbk.yaml").write_bytes("background: 海边.jpg".encode("gbk"))
        with pytest.raises(ConfigError, match=r"gbk\.yaml: cannot be read: it is not UTF-8 text\. Save it as UTF-8"):
            load_settings(home / "gbk.yaml")

    def test_the_name_of_the_file_stands_in_a_refusal(self, home: Path) -> None:
        file = home / "mine.yaml"
        file.write_text("colour: red\n", encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_settings(file)
        assert str(caught.value).startswith(f"{os.fspath(file)}, line 1: ")
