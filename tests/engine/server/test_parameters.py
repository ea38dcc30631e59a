"""What the query of POST /v1/cutout can say, and the sentence for what it cannot."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client import Asked
from engine.errors import RequestError, UsageError
from engine.server.parameters import JobRequest, read_query, read_request, shown, table
from engine.settings import Settings
from engine.types import Options

TABLE = {each.name: each for each in table(Settings())}


def asked(query: str, settings: Settings | None = None) -> JobRequest:
    return read_request(read_query(query.encode("ascii")), settings or Settings())


class TestDefaults:
    def test_without_a_query_the_settings_decide(self) -> None:
        settings = Settings(
            network="rvm",
            people="all",
            quality="fast",
            want=("matte", "composite"),
            format="tiff",
            matte_bits=16,
            background="navy",
        )
        assert asked("", settings) == JobRequest(
            want=("matte", "composite"),
            format="tiff",
            matte_bits=16,
            priority="interactive",
            options=Options("rvm", "all", "fast", "soft", None),
            background="navy",
            job=None,
            deadline=None,
            name=None,
        )

    def test_the_server_needs_no_framework_to_read_a_request(self) -> None:
        code = "import sys, engine.server.parameters; sys.exit(bool({'numpy', 'PIL', 'cv2'} & set(sys.modules)))"
        subprocess.run([sys.executable, "-c", code], check=True)


def test_a_query_is_read() -> None:
    assert asked(
        "want=cutout,matte&format=raw&matte_bits=16&priority=batch&network=modnet&people=3&quality=fast&edge=crisp"
        "&threshold=0.25&background=%233366cc&job=a.b-c_1&deadline=1.5&name=Gr%C3%BC%C3%9Fe+%25.jpg"
    ) == JobRequest(
        want=("cutout", "matte"),
        format="raw",
        matte_bits=16,
        priority="batch",
        options=Options("modnet", 3, "fast", "crisp", 0.25),
        background="#3366cc",
        job="a.b-c_1",
        deadline=1.5,
        name="Grüße %.jpg",
    )


class TestPoints:
    def test_they_are_read_and_everybody_is_found(self) -> None:
        assert asked("at=1,2").options == Options(people="all", at=((1, 2),))
        assert asked("at=0,0.5;1199.75,800%3B3%2C4&people=all").options.at == ((0, 0.5), (1199.75, 800), (3, 4))

    def test_whom_the_config_names_they_overrule(self) -> None:
        assert asked("at=1,2", Settings(people="largest")).options == Options(people="all", at=((1, 2),))
        assert asked("", Settings(people="largest")).options.at == ()

    def test_as_many_as_may_be_said_fit_into_a_query(self) -> None:
        points = tuple((99_999 - each, 50_000 + each) for each in range(500))
        query = urlencode(Asked(("cutout", "matte"), at=points, name="a" * 1000).query())
        assert asked(query).options.at == points

    @given(st.lists(st.tuples(*[st.decimals(0, 999_999_999, places=3)] * 2), min_size=1, max_size=20))
    def test_any_are_read_as_they_were_said(self, points: list[tuple[Decimal, Decimal]]) -> None:
        text = ";".join(f"{x:f},{y:f}" for x, y in points)
        assert read_request([("at", text)], Settings()).options.at == tuple((float(x), float(y)) for x, y in points)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("size=3", "unknown parameter 'size': the parameters are want, format, "),
        ("Want=matte", "unknown parameter 'Want': "),
        ("want=matte&want=matte", "parameter 'want' stands there twice."),
        ("want=", "parameter 'want' has no value: it is one or several of cutout, matte, composite, with commas."),
        ("want=matte,", "parameter 'want' cannot be 'matte,': it is one or several of"),
        ("want=matte,matte", "parameter 'want' cannot be 'matte,matte': it is one or several of"),
        ("format=gif", "parameter 'format' cannot be 'gif': it is one of png, webp, tiff, jpeg, raw."),
        ("matte_bits=08", "parameter 'matte_bits' cannot be '08': it is 8 or 16."),
        ("priority=high", "parameter 'priority' cannot be 'high': it is one of interactive, batch."),
        (
            "people=0",
            "parameter 'people' cannot be '0': it is one of auto, all, largest, or a number from 1 to 100000.",
        ),
        ("people=%D9%A3", "parameter 'people' cannot be '٣': it is"),
        ("people=" + "9" * 5000, f"parameter 'people' cannot be '{'9' * 60}...': it is"),
        ("at=", "parameter 'at' has no value: it is 1 to 500 points x,y with a ; between, in pixels, none below 0."),
        ("at=1", "parameter 'at' cannot be '1': it is 1 to 500 points"),
        ("at=1,2;", "parameter 'at' cannot be '1,2;': it is"),
        ("at=1,2,3", "parameter 'at' cannot be '1,2,3': it is"),
        ("at=-1,2", "parameter 'at' cannot be '-1,2': it is"),
        ("at=1,1e3", "parameter 'at' cannot be '1,1e3': it is"),
        ("at=1,nan", "parameter 'at' cannot be '1,nan': it is"),
        ("at=01,2", "parameter 'at' cannot be '01,2': it is"),
        ("at=1,%D9%A3", "parameter 'at' cannot be '1,٣': it is"),
        ("at=" + "1,2;" * 500 + "1,2", f"parameter 'at' cannot be '{'1,2;' * 15}...': it is"),
        ("at=1,2&at=3,4", "parameter 'at' stands there twice."),
        (
            "at=1,2&people=largest",
            "parameter 'people' cannot be 'largest' beside 'at': points say whom to cut out. Leave it out.",
        ),
        ("people=2&at=1,2", "parameter 'people' cannot be '2' beside 'at': "),
        ("people=auto&at=1,2", "parameter 'people' cannot be 'auto' beside 'at': "),
        ("threshold=0", "parameter 'threshold' cannot be '0': it is a number above 0 and below 1."),
        ("threshold=1", "parameter 'threshold' cannot be '1': it is"),
        ("threshold=nan", "parameter 'threshold' cannot be 'nan': it is"),
        ("threshold=+.5", "parameter 'threshold' cannot be ' .5': it is"),
        (
            "deadline=1e999",
            "parameter 'deadline' cannot be '1e999': it is a number of seconds above 0, at most 1000000.",
        ),
        ("deadline=1_0", "parameter 'deadline' cannot be '1_0': it is"),
        ("background=octarine", "parameter 'background' cannot be 'octarine': it is a colour: white or another name"),
        ("background=/etc/passwd", "parameter 'background' cannot be '/etc/passwd': it is a colour"),
        ("background=rgb(256,0,0)", "parameter 'background' cannot be 'rgb(256,0,0)': it is a colour"),
        ("job=..", "parameter 'job' cannot be '..': it is 1 to 64 of the characters"),
        ("job=a%0A", "parameter 'job' cannot be 'a\\n': it is 1 to 64 of the characters"),
        ("name=a%00b", "parameter 'name' cannot be 'a\\x00b': it is 1 to 1000 characters, no control characters."),
        ("%1B[31m=1", "unknown parameter '\\x1b[31m': "),
        ("want", "the query cannot be read. Write it as name=value&name=value."),
        ("want=matte&", "the query cannot be read. "),
        ("name=50%", "the query has a % without two hexadecimal digits after it. Write % itself as %25."),
        ("name=%FF", "the query is not UTF-8 text. Write other characters as %XX, byte by byte."),
        ("name=%ED%A0%80", "the query is not UTF-8 text. "),
        ("name=" + "a" * 20_000, "the query has 20005 bytes: the limit is 16000."),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(query: str, sentence: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(query)
    assert str(refused.value).startswith(sentence)
    assert refused.value.status == 400


def test_bytes_that_are_not_ascii_are_refused() -> None:
    with pytest.raises(RequestError, match="not UTF-8"):
        read_query("name=Grüße".encode())


class TestNetworks:
    def test_an_unknown_one_is_refused(self) -> None:
        with pytest.raises(UsageError, match="'u2net': no such matting network: there are auto, modnet, rvm"):
            asked("network=u2net")

    def test_so_is_one_whose_licence_is_not_allowed(self) -> None:
        with pytest.raises(UsageError, match="network 'rvm' may not be used"):
            asked("network=rvm", Settings(licences="permissive"))

    def test_the_schema_has_only_those_that_may_be_used(self) -> None:
        schemas = {each.name: each.kind.schema for each in table(Settings(licences="permissive"))}
        assert schemas["network"]["enum"] == ["auto", "modnet", "u2netp"]


words = st.sampled_from(["cutout", "cutout,matte", "png", "raw", "batch", "modnet", "auto", "all", "fast", "crisp"])
points = st.sampled_from(["1,2", "1.5,2;3,0", "1,2;", "1;2", "-1,0", "1,2e3", "1000000000,1", "1,.5"])
numbers = st.sampled_from(["8", "16", "0.5", "1", "1e-3", "-1", "100001", "007", "", "1e400"])
colours = st.sampled_from(["white", "WHITE", "#fff", "#FFFF", "rgb(1, 2,255)", "hsl(360,100%,0%)", "job.1"])


def value_of(schema: Any, text: str) -> list[Any]:
    """What a text can be to a reader of the schema: an array, a number, or a string."""
    if schema.get("type") == "array":
        return [text.split(",")]
    if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) and abs(float(text)) < 1e300:
        return [int(text) if re.fullmatch("-?[0-9]+", text) else float(text), text]
    return [text]


@given(
    name=st.sampled_from(sorted(TABLE)),
    text=words | numbers | points | colours | st.text(max_size=20) | st.floats(0, 2).map(str),
)
def test_what_the_schema_describes_is_what_is_read(name: str, text: str) -> None:
    kind = TABLE[name].kind
    described = any(jsonschema_rs.is_valid(dict(kind.schema), value) for value in value_of(kind.schema, text))
    if name == "background":  # capitals are taken too, which a schema can hardly say
        described = described or jsonschema_rs.is_valid(dict(kind.schema), text.lower())
    if described:
        read_request([(name, text)], Settings())
    else:
        with pytest.raises(UsageError):
            read_request([(name, text)], Settings())


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=4))
def test_any_text_comes_through_the_query(pairs: list[tuple[str, str]]) -> None:
    encoded = [(quote(name, errors="replace"), quote(text, errors="replace")) for name, text in pairs]
    raw = "&".join(f"{name}={text}" for name, text in encoded).encode()
    assert urlencode(read_query(raw)) == urlencode(
        [(n.encode(errors="replace"), t.encode(errors="replace")) for n, t in pairs]
    )


def answer(raw: bytes) -> str:
    """A refusal's sentence; what was understood, else."""
    try:
        return repr(read_request(read_query(raw), Settings()))
    except UsageError as error:
        return str(error)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_refusal_of_one_line(raw: bytes) -> None:
    assert answer(raw).isprintable()


@given(st.text())
def test_what_is_shown_of_a_text_is_short_and_harmless(text: str) -> None:
    assert shown(text).isprintable() or not text
    assert shown("a" * 100) == "a" * 60 + "..."
