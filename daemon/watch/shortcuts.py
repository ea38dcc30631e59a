"""Shortcuts: small files that hold the address of a picture. They are read, and nothing in them is ever run.

What a file is shows its content, since each kind is found under other names too:

- .url of Windows: `URL=` in `[InternetShortcut]`. What that cannot hold in the system's own encoding stands in
  `[InternetShortcut.W]` once more, in UTF-7 (Edward L. Blake, An Unofficial Guide to the URL File Format).
- .desktop: `URL=` in `[Desktop Entry]` with `Type=Link` (freedesktop.org, Desktop Entry Specification).
- .webloc of macOS: a property list, as XML or binary, whose dictionary has the key `URL`.
"""

from __future__ import annotations

import codecs
import plistlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from daemon.terminal import shown
from engine.errors import LinkError

LONGEST = 65_536  # bytes; those that programs write have a few hundred

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"[\0", "utf-16-le"),
    (b"\0[", "utf-16-be"),
)
# What plistlib lets out for damaged files beside its own InvalidFileException, which is a ValueError.
_BAD_PLIST = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, ExpatError)
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_REMEDY = "Save the picture itself and drop that, or make the shortcut again in a browser"

_Sections = Mapping[str, Mapping[str, str]]


def address_in(data: bytes, name: str) -> str:
    """The http or https address in a shortcut's bytes. name: for sentences.

    Raises LinkError for what is no shortcut, has no address, or one of another kind (file, javascript).
    """
    what = f"{shown(name)}: not a shortcut that can be used"
    if len(data) > LONGEST:
        raise LinkError(what, f"it has more than {LONGEST // 1024} KB, and shortcuts are small", _REMEDY)
    if not data.strip():
        raise LinkError(what, "it is empty", _REMEDY)
    text = _decoded(data)
    if data.startswith(b"bplist"):
        address = _from_plist(data, plistlib.FMT_BINARY, what)
    elif text.lstrip().startswith("<"):
        address = _from_plist(data.lstrip(), plistlib.FMT_XML, what)
    else:
        address = _from_sections(_sections(text), what)
    if not address.strip():
        raise LinkError(what, "there is no address in it", _REMEDY)
    return _checked(address.strip(), what)


def _decoded(data: bytes) -> str:
    """The text: by its byte order mark, else UTF-8, else as what programs that know neither write (addresses are ASCII
    as good as always)."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _sections(text: str) -> _Sections:
    """The lines `key=value` by section and key, both in small letters; of several the first counts, as in Windows."""
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] = {}
    for line in re.split(r"[\r\n]+", text):
        written = line.strip()
        if written.startswith("[") and written.endswith("]"):
            section = sections.setdefault(written[1:-1].strip().lower(), {})
        elif "=" in written:
            key, _, value = written.partition("=")
            section.setdefault(key.strip().lower(), value.strip())
    return sections


def _from_sections(sections: _Sections, what: str) -> str:
    if "internetshortcut" in sections:
        return _wide(sections) or sections["internetshortcut"].get("url", "").strip('"')
    entry = sections.get("desktop entry", {})
    kind = entry.get("type", "")
    if entry and kind.lower() != "link":
        why = f"it is of the type {shown(kind)}, and only those of the type Link are read" if kind else "it has no type"
        raise LinkError(what, why, _REMEDY)
    localised = (value for key, value in entry.items() if key.startswith("url["))
    url = entry.get("url") or next(localised, "")
    return re.sub(r"\\([sntr\\])", lambda match: _ESCAPES[match[1]], url)


def _wide(sections: _Sections) -> str:
    written = sections.get("internetshortcut.w", {}).get("url", "")
    try:
        return written.encode("ascii").decode("utf-7")
    except UnicodeError:
        return ""


def _from_plist(data: bytes, form: plistlib.PlistFormat, what: str) -> str:
    """plistlib refuses XML that declares entities, so that a small file cannot become a large one."""
    try:
        content = plistlib.loads(data, fmt=form)
    except _BAD_PLIST as error:
        raise LinkError(what, "it is damaged, or another kind of file", _REMEDY) from error
    url = content.get("URL", "") if isinstance(content, dict) else ""
    return url if isinstance(url, str) else ""


def _checked(address: str, what: str) -> str:
    """The address, where it is one of the web and of one line."""
    if any(shown(each) != each for each in address):
        raise LinkError(what, "its address has characters that none may have", _REMEDY)
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise LinkError(what, "its address is not a valid one", _REMEDY) from error
    if parts.scheme not in ("http", "https"):
        kind = f"of the kind {shown(parts.scheme[:20])}" if parts.scheme else "not whole"
        raise LinkError(what, f"its address is {kind}, and only http and https are fetched", _REMEDY)
    if not parts.hostname:
        raise LinkError(what, "its address names no host", _REMEDY)
    return address
