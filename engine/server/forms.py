"""The files of a form (multipart/form-data, RFC 7578), written to shared memory as they come."""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from engine.errors import RequestError
from engine.shared import Shared
from engine.worker.order import Span

_FILES = ("picture", "background")
_RULE = "a form has the file picture and, if wanted, the file background"
_PLAIN = ("", "7bit", "8bit", "binary")  # Content-Transfer-Encoding


class Form:
    """Reads a form from pieces of any size."""

    def __init__(self, boundary: bytes, shared: Shared, name: str) -> None:
        """shared: takes the files' bytes. name: what sentences call the picture."""
        self._shared, self._name = shared, name
        self._files: dict[str, Span] = {}
        self._size, self._ended = 0, False
        self._part = ""
        self._headers: dict[bytes, bytes] = {}
        self._title = self._value = b""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_begin": self._begin_header,
                "on_header_field": self._add_title,
                "on_header_value": self._add_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._open_file,
                "on_part_data": self._add_data,
                "on_end": self._end,
            },
        )

    def write(self, data: bytes) -> None:
        """The next piece. Raises RequestError for what is no form, and for parts that nobody asked for; OSError where
        memory is short."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise RequestError(f"{self._name}: the form cannot be read", str(error)[:200]) from error

    def finish(self) -> dict[str, Span]:
        """Where the files lie: `picture`, and `background` where it was sent. Raises RequestError."""
        if not self._ended:
            raise RequestError(f"{self._name}: the form is cut off", "its last boundary did not come", "Send it again")
        if "picture" not in self._files:
            remedy = "Send it as `curl --form picture=@FILE` does"
            raise RequestError(f"{self._name}: the form has no picture", _RULE, remedy)
        return self._files

    def _begin_part(self) -> None:
        self._headers = {}

    def _begin_header(self) -> None:
        self._title = self._value = b""

    def _add_title(self, data: bytes, start: int, end: int) -> None:
        self._title += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        title = self._title.lower()
        if title in self._headers:
            raise RequestError(f"{self._name}: a part of the form has two headers of one name", title.decode("latin-1"))
        self._headers[title] = self._value

    def _open_file(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        part = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or part not in _FILES:
            raise RequestError(f"{self._name}: the form has a part {part!r:.60}", _RULE)
        if b"filename" not in options:
            remedy = "A background's colour is the parameter background of the address"
            raise RequestError(f"{self._name}: the form's part {part!r} is no file", _RULE, remedy)
        if part in self._files:
            raise RequestError(f"{self._name}: the form has the part {part!r} twice", _RULE)
        encoding = self._headers.get(b"content-transfer-encoding", b"").strip().lower().decode("latin-1")
        if encoding not in _PLAIN:
            why = f"Content-Transfer-Encoding {encoding!r:.40} is not read"
            raise RequestError(f"{self._name}: the form's part {part!r} is no plain file", why, status=415)
        self._part = part
        self._files[part] = Span(self._size, 0)

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._shared.append(memoryview(data)[start:end])
        self._size += end - start
        begun = self._files[self._part].start
        self._files[self._part] = Span(begun, self._size - begun)

    def _end(self) -> None:
        self._ended = True
