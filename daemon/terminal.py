"""What the user reads: results on standard output, one path a line; everything else on standard error."""

from __future__ import annotations

import os
import shlex
import sys
import unicodedata
from pathlib import Path

# Format characters that belong to words: emoji families and Persian spelling fall apart without the joiners.
_JOINERS = "\u200c\u200d"
_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")


def shown(text: str | Path) -> str:
    """The text on one line and safe on any terminal.

    Control characters, line separators and characters that change the writing direction are written as escapes;
    bytes of a file name that are no UTF-8 (lone surrogates in Python) as backslash, x and two digits.
    """
    return "".join(_escaped(each) if _is_unsafe(each) else each for each in str(text))


def pasted(path: Path) -> str:
    """The path as a word that can be pasted into a shell, whatever bytes are in it (bash, zsh: $'...')."""
    text = str(path)
    if shown(text) == text:
        return shlex.quote(text)
    quoted = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\x{byte:02x}" for byte in os.fsencode(text)
    )
    return f"$'{quoted}'"


def complain(sentence: str) -> None:
    """Writes one line to standard error."""
    if sys.stderr is not None:
        print(shown(sentence), file=sys.stderr, flush=True)  # noqa: T201  # the one place that writes messages


def tell(line: str) -> None:
    """Writes one line that was asked for to standard output."""
    if sys.stdout is not None:
        encoding = sys.stdout.encoding or "utf-8"
        print(shown(line).encode(encoding, "backslashreplace").decode(encoding), flush=True)  # noqa: T201  # as above


def hand_over(path: Path) -> None:
    """Writes a result's path to standard output: on a terminal escaped, else in the file system's own bytes.

    A line break in a name is escaped there too, so that a line stays a path.
    """
    if sys.stdout is None:
        return
    text = str(path)
    if text.startswith("-"):  # else the next program takes it for an option
        text = f"./{text}"
    if sys.stdout.isatty():
        tell(text)
    else:
        line = "".join(_escaped(each) if unicodedata.category(each) == "Cc" else each for each in text)
        sys.stdout.buffer.write(os.fsencode(line) + b"\n")
        sys.stdout.buffer.flush()


def _is_unsafe(character: str) -> bool:
    return unicodedata.category(character) in _UNSAFE and character not in _JOINERS


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # PEP 383: the byte is the last eight bits
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
