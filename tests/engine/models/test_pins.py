"""What was accepted first is written down, and a file that does not say so is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import NetworkError
from engine.models.pins import Pin, read_pins, write_pins

HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
PINS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.builds(Pin, HASHES, st.integers(0, 2**40), st.text()),
)


@given(PINS)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, pins: dict[str, Pin]) -> None:
    folder = tmp_path_factory.mktemp("store")
    write_pins(folder, pins)
    assert read_pins(folder) == pins
    assert [each.name for each in folder.iterdir()] == ["pins.json"]


def test_a_path_of_any_bytes_is_a_source(tmp_path: Path) -> None:
    pins = {"bshm.pb": Pin("0" * 64, 1, "/caf\udce9.pb")}
    write_pins(tmp_path, pins)
    assert read_pins(tmp_path) == pins


def test_where_nothing_was_accepted_there_are_none(tmp_path: Path) -> None:
    assert read_pins(tmp_path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 200_000,
        '{"bshm.pb": 3}',
        '{"bshm.pb": {"sha256": "00"}}',
        '{"bshm.pb": {"sha256": "0", "size": 1, "source": ""}}',
    ],
)
def test_another_file_is_refused_with_its_path_and_the_way_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "pins.json").write_text(text)
    with pytest.raises(NetworkError) as refused:
        read_pins(tmp_path)
    assert refused.value.what == f"{tmp_path / 'pins.json'}: not the file that the program wrote"
    assert "Delete it" in refused.value.remedy
