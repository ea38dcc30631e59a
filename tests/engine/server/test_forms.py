"""A form's files come out as they went in, however the bytes are cut into pieces; other forms are refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import RequestError
from engine.server.forms import Form
from engine.shared import Shared

BOUNDARY = b"bound"
PICTURE = b'Content-Disposition: form-data; name="picture"; filename="a.jpg"'
BACKGROUND = b'Content-Disposition: form-data; name="background"; filename="b.jpg"'
END = b"--bound--\r\n"


def part(headers: bytes, content: bytes) -> bytes:
    return b"--bound\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"


def read(*pieces: bytes) -> dict[str, bytes]:
    with Shared() as shared:
        form = Form(BOUNDARY, shared, "a.jpg")
        for each in pieces:
            form.write(each)
        return {name: shared.read(*span) for name, span in form.finish().items()}


def refused(*pieces: bytes) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read(*pieces)
    return caught.value


def pieces_of(whole: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = sorted({0, len(whole), *(each % (len(whole) + 1) for each in cuts)})
    for begin, end in pairwise(places):
        yield whole[begin:end]


# Bytes that look like the boundary in every way except that they are not.
NEARLY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"-", b"--", b"bound", b"boun", b"\r\n-bound", b"\r\n--boun", b"x", b"\0"])
).map(b"".join)
CONTENT = (NEARLY | st.binary(max_size=300)).filter(lambda each: b"\r\n--bound" not in b"\r\n" + each)


@given(CONTENT, CONTENT, st.booleans(), st.lists(st.integers(0, 10_000), max_size=30))
@example(b"\r\n--boun", b"\r\n", False, list(range(500)))
def test_the_files_are_what_was_sent(picture: bytes, background: bytes, swapped: bool, cuts: list[int]) -> None:
    parts = [part(PICTURE, picture), part(BACKGROUND, background)]
    whole = b"".join(reversed(parts) if swapped else parts) + END
    assert read(*pieces_of(whole, cuts)) == {"picture": picture, "background": background}


def test_a_picture_alone_is_enough() -> None:
    assert read(part(PICTURE, b"abc") + END) == {"picture": b"abc"}
    assert read(part(PICTURE + b"\r\nContent-Type: image/jpeg", b"") + END + b"what follows") == {"picture": b""}


def test_names_of_headers_may_be_written_in_any_case() -> None:
    assert read(part(PICTURE.replace(b"Content-Disposition", b"CONTENT-disposition"), b"abc") + END)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (END, "a.jpg: the form has no picture"),
        (part(BACKGROUND, b"x") + END, "a.jpg: the form has no picture"),
        (part(PICTURE, b"x"), "a.jpg: the form is cut off"),
        (part(PICTURE, b"x") + END[:-3], "a.jpg: the form is cut off"),
        (b"", "a.jpg: the form is cut off"),
        (part(PICTURE, b"x") * 2 + END, "a.jpg: the form has the part 'picture' twice"),
        (part(PICTURE.replace(b"picture", b"file"), b"x") + END, "a.jpg: the form has a part 'file'"),
        (part(PICTURE.replace(b'"picture"', '"图"'.encode()), b"x") + END, "a.jpg: the form has a part '图'"),
        (part(PICTURE.replace(b"form-data", b"attachment"), b"x") + END, "a.jpg: the form has a part 'picture'"),
        (part(b"Content-Type: image/jpeg", b"x") + END, "a.jpg: the form has a part ''"),
        (part(BACKGROUND.split(b"; filename")[0], b"white") + END, "a.jpg: the form's part 'background' is no file"),
        (part(PICTURE + b"\r\n" + PICTURE, b"x") + END, "a.jpg: a part of the form has two headers of one name"),
        (part(PICTURE + b"\r\nX: " + b"x" * 10_000, b"x") + END, "a.jpg: the form cannot be read"),
        (part(PICTURE + b"\r\nX: 1" * 20, b"x") + END, "a.jpg: a part of the form has two headers of one name"),
        (b"--other\r\n\r\n", "a.jpg: the form cannot be read"),
        (b"\xff\xd8\xff\xe0 a jpeg", "a.jpg: the form cannot be read"),
    ],
)
def test_other_forms_are_refused(form: bytes, sentence: str) -> None:
    error = refused(form)
    assert (error.status, error.what) == (400, sentence)


def test_a_part_that_is_packed_is_refused() -> None:
    error = refused(part(PICTURE + b"\r\nContent-Transfer-Encoding: base64", b"eA==") + END)
    assert (error.status, error.why) == (415, "Content-Transfer-Encoding 'base64' is not read")
    assert read(part(PICTURE + b"\r\nContent-Transfer-Encoding: binary", b"x") + END) == {"picture": b"x"}


WORDS = [
    b"--bound",
    b"--bound--",
    b"\r\n",
    b"\r\n\r\n",
    PICTURE,
    BACKGROUND,
    b"; filename",
    b"picture",
    b":",
    b'"',
    b"\0",
]


@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=10), max_size=15))
def test_any_bytes_are_a_form_or_refused_in_a_sentence(pieces: list[bytes]) -> None:
    try:
        assert "picture" in read(b"--bound\r\n", *pieces)
    except RequestError as error:
        assert "\n" not in str(error)  # noqa: PT017  # both ways are right
