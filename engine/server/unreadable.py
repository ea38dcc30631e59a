"""Why h11 could not read a request, in plain words: h11's own quote what came, as Python writes it."""

from __future__ import annotations

# How h11's words begin -> why the request is refused.
_WORDS = (
    ("illegal request line", "its first line is none of HTTP"),
    ("no request line", "it begins with an empty line"),
    ("continuation line", "its headers begin with the rest of one"),
    ("illegal header line", "one of its headers is no header of HTTP"),
    ("Missing mandatory Host", "it has no Host"),
    ("Found multiple Host", "it has more than one Host"),
    ("Receive buffer too long", "its headers are too long"),
    ("conflicting Content-Length", "it has two different lengths"),
    ("bad Content-Length", "its Content-Length is no length"),
    ("Only Transfer-Encoding", "its Transfer-Encoding is another than chunked"),
    ("multiple Transfer-Encoding", "it has more than one Transfer-Encoding"),
    ("illegal chunk header", "one of its chunks does not begin with a length"),
    ("malformed chunk footer", "one of its chunks is longer than it says"),
)


def why_unreadable(error: BaseException | None) -> str:
    """A phrase that stands after "the request is no proper HTTP/1.1: "; empty for an error that is not known.

    error: h11's RemoteProtocolError.
    """
    said = str(error)
    return next((words for begin, words in _WORDS if said.startswith(begin)), "")
