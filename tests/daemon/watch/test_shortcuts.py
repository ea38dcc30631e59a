from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.watch.shortcuts import LONGEST, address_in
from engine.errors import LinkError

ADDRESS = "https://photos.example/a.jpg?w=300&h=%20#x"
URL = f"[InternetShortcut]\r\nURL={ADDRESS}\r\n"
DESKTOP = f"[Desktop Entry]\nType=Link\nURL={ADDRESS}\n"
WEBLOC = plistlib.dumps({"URL": ADDRESS})
BINARY = plistlib.dumps({"URL": ADDRESS}, fmt=plistlib.FMT_BINARY)


PIECES = [
    *("<dict>", "</dict>", "<array>", "</array>", "<key>URL</key>", "<key>", "<string>a</string>", "<date>x</date>"),
    *("<integer>0x</integer>", "<real>a</real>", "<data>!</data>", "<true/>", "</plist>", "&lt;", "<x/>"),
]


def refused(data: bytes, name: str = "a.url") -> LinkError:
    with pytest.raises(LinkError) as raised:
        address_in(data, name)
    return raised.value


@pytest.mark.parametrize(
    "text",
    [
        URL,
        URL.replace("\r\n", "\n"),
        URL.replace("\r\n", "\r"),
        URL.strip(),
        URL.replace("URL=", "url = ").replace("[InternetShortcut]", "[INTERNETSHORTCUT]"),
        f"[InternetShortcut]\nIconIndex=1\nURL={ADDRESS}\nURL=http://second.example/\n",
        f"[DEFAULT]\nBASEURL=http://other.example/\n[DOC_1]\nURL=http://frame.example/\n{URL}[More]\nURL=file:///a",
        f"; written by hand\n\n{URL}nonsense\n=\n[",
        f'[InternetShortcut]\nURL="{ADDRESS}"\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_url_file(text: str, encoding: str) -> None:
    if encoding.startswith("utf-16-"):  # without a mark it is known by its first bracket
        text = text[text.index("[") :]
    assert address_in(text.encode(encoding), "a.url") == ADDRESS


def test_a_url_file_in_windows_own_encoding() -> None:
    data = "[InternetShortcut]\nURL=https://example.org/\xe9.jpg\nIconFile=C:\\\xdc.ico\n".encode("cp1252")
    assert address_in(data, "a.url") == "https://example.org/\xe9.jpg"


def test_what_that_encoding_cannot_hold_stands_there_in_utf_7() -> None:
    wide = "https://example.org/照片.jpg".encode("utf-7").decode()
    text = f"[InternetShortcut]\nURL=https://example.org/??.jpg\n[InternetShortcut.W]\nURL={wide}\n"
    assert address_in(text.encode(), "a.url") == "https://example.org/照片.jpg"
    assert address_in(text.replace(wide, "+2AA").encode(), "a.url") == "https://example.org/??.jpg"


@pytest.mark.parametrize(
    "text",
    [
        DESKTOP,
        f"#!/usr/bin/env xdg-open\n[Desktop Entry]\nVersion=1.0\nType = Link\nName=A\nName[de]=B\nURL = {ADDRESS}\n",
        f"[Desktop Entry]\nType=Link\nURL[$e]={ADDRESS}\n",
        f"[Desktop Entry]\nType=Link\nURL={ADDRESS}\nURL[de]=https://example.org/de.jpg\n",
    ],
)
def test_a_desktop_file(text: str) -> None:
    assert address_in(text.encode(), "a.desktop") == ADDRESS


def test_escapes_in_a_desktop_file() -> None:
    data = rb"[Desktop Entry]" b"\nType=Link\nURL=" rb"https://example.org/a\sb\\c.jpg"
    assert address_in(data, "a.desktop") == r"https://example.org/a b\c.jpg"


def test_a_program_is_never_run() -> None:
    error = refused(b"[Desktop Entry]\nType=Application\nExec=rm a\nURL=https://example.org/a.jpg", "a.desktop")
    assert str(error) == (
        "a.desktop: not a shortcut that can be used: it is of the type Application, and only those of the type Link "
        "are read. Save the picture itself and drop that, or make the shortcut again in a browser."
    )
    assert "it has no type" in str(refused(b"[Desktop Entry]\nURL=https://example.org/a.jpg"))


@pytest.mark.parametrize(
    "data",
    [
        WEBLOC,
        BINARY,
        b"\n  " + WEBLOC,
        WEBLOC[WEBLOC.index(b"<plist") :],
        b"\xef\xbb\xbf" + WEBLOC,
        WEBLOC.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        URL.encode(),
    ],
    ids=["xml", "binary", "space before", "no declaration", "UTF-8 mark", "UTF-16", "as .url"],
)
def test_a_webloc_file(data: bytes) -> None:
    assert address_in(data, "a.webloc") == ADDRESS


@pytest.mark.parametrize(
    "content", [[], {}, "http://a.example/", {"URL": 7}, {"URL": b"http://a.example/"}, {"url": ADDRESS}]
)
@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_a_property_list_of_another_kind(content: Any, form: plistlib.PlistFormat) -> None:
    assert "there is no address in it" in str(refused(plistlib.dumps(content, fmt=form), "a.webloc"))


def test_entities_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY e{each + 1} "{f"&e{each};" * 10}">' for each in range(12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY e0 "lol">{entities}]>'
    data = f"{bomb}<plist><dict><key>URL</key><string>https://&e12;</string></dict></plist>".encode()
    assert "it is damaged, or another kind of file" in str(refused(data, "a.webloc"))
    outside = data.replace(b'"lol"', b'SYSTEM "file:///etc/passwd"')
    assert "it is damaged, or another kind of file" in str(refused(outside, "a.webloc"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b" \r\n", "it is empty"),
        (b"https://example.org/a.jpg", "there is no address in it"),
        (b"[InternetShortcut]\nURL=\n", "there is no address in it"),
        (b"[Desktop Entry]\nType=Link\n", "there is no address in it"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "there is no address in it"),
        (b"<html><body>https://example.org/a.jpg", "it is damaged, or another kind of file"),
        (b"[" * (LONGEST + 1), "it has more than 64 KB"),
    ],
)
def test_what_is_none(data: bytes, why: str) -> None:
    error = refused(data)
    assert error.why.startswith(why)
    assert error.remedy


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("file:///etc/passwd", "its address is of the kind file, and only http and https are fetched"),
        ("javascript:alert(1)", "its address is of the kind javascript, and only http and https are fetched"),
        ("ftp://me:secret@example.org/a.jpg", "its address is of the kind ftp, and only http and https are fetched"),
        ("/home/a.jpg", "its address is not whole, and only http and https are fetched"),
        ("http:///a.jpg", "its address names no host"),
        ("http://[::1/a.jpg", "its address is not a valid one"),
        ("http://example.org/\x1b[2Ja.jpg", "its address has characters that none may have"),
        ("http://example.org/\u202egpj.a", "its address has characters that none may have"),
    ],
)
def test_addresses_of_other_kinds(address: str, why: str) -> None:
    assert refused(f"[InternetShortcut]\nURL={address}\n".encode()).why == why


@given(st.from_regex(r"https?://[a-z0-9.-]+[a-z0-9]/[!-~à-ǿ一-龥]{0,60}", fullmatch=True))
def test_an_address_comes_out_as_it_went_in(address: str) -> None:
    for data in (
        plistlib.dumps({"URL": address}),
        plistlib.dumps({"URL": address}, fmt=plistlib.FMT_BINARY),
        f"[InternetShortcut]\nURL={address}\n".encode("utf-16"),
    ):
        assert address_in(data, "x") == address


def an_address_or_its_error(data: bytes) -> None:
    try:
        address = address_in(data, "x")
    except LinkError:
        return
    assert address.lower().startswith(("http://", "https://"))


@given(st.binary(max_size=300), st.sampled_from([b"", b"bplist00", b"<plist>", URL.encode(), DESKTOP.encode()]))
def test_any_bytes_give_an_address_or_its_error(data: bytes, before: bytes) -> None:
    an_address_or_its_error(before + data)


@given(
    st.sampled_from([WEBLOC, BINARY, URL.encode(), URL.encode("utf-16"), DESKTOP.encode()]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 400),
)
def test_so_does_a_damaged_shortcut(whole: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(whole)
    for place, value in changes:
        data[place % len(data)] = value
    an_address_or_its_error(bytes(data))
    an_address_or_its_error(bytes(data[:cut]))


@given(st.lists(st.sampled_from(PIECES)))
def test_so_does_a_property_list_that_is_none(parts: list[str]) -> None:
    an_address_or_its_error(("<plist>" + "".join(parts) + "</plist>").encode())


@pytest.mark.parametrize("make", [lambda n: b"<array>" * n, lambda n: b"<array>" * n + b"</array>" * n])
def test_so_does_a_deep_one(make: Callable[[int], bytes]) -> None:
    an_address_or_its_error(b"<plist>" + make(4000) + b"</plist>")


def test_so_does_a_deep_binary_one() -> None:
    """Each array holds the next; plistlib recurses."""
    count = 12_000
    objects = b"".join(b"\xa1" + min(each + 1, count - 1).to_bytes(2, "big") for each in range(count))
    table = b"".join((8 + 3 * each).to_bytes(2, "big") for each in range(count))
    trailer = bytes(6) + b"\x02\x02" + count.to_bytes(8, "big") + bytes(8) + (8 + len(objects)).to_bytes(8, "big")
    an_address_or_its_error((b"bplist00" + objects + table + trailer)[:LONGEST])
    assert len(objects) + len(table) + 40 <= LONGEST
