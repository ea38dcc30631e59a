"""What the headers say of a body is read strictly, and refused in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from engine.errors import BshmError, NotAPictureError, RequestError, TooLargeError
from engine.server.body_headers import BodyHeaders, read_body_headers
from engine.settings import Limits
from engine.worker.order import RawSize

LIMITS = Limits(megapixels=1, megabytes=2)
RAW = {"Content-Type": "application/octet-stream", "X-Width": "10", "X-Height": "20", "X-Channels": "3"}


def read(*pairs: tuple[str, str]) -> BodyHeaders:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return read_body_headers(Headers(raw=raw), LIMITS, "a.jpg")


def refused(*pairs: tuple[str, str]) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read(*pairs)
    return caught.value


@pytest.mark.parametrize(
    "kind",
    ["image/jpeg", "image/x-anything", "IMAGE/PNG", "application/octet-stream", "application/octet-stream; a=b", ""],
)
def test_a_file_may_have_any_pictures_type_or_none(kind: str) -> None:
    assert read(("Content-Type", kind), ("Content-Length", "5")) == BodyHeaders(5, None, None)


def test_what_curl_says_of_binary_data_is_a_file_too() -> None:
    assert read(("Content-Type", "application/x-www-form-urlencoded")) == BodyHeaders(None, None, None)


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "image", "image/", "video/mp4", "multipart/mixed"])
def test_other_types_are_refused(kind: str) -> None:
    error = refused(("Content-Type", kind))
    assert error.status == 415
    assert str(error).startswith(f"a.jpg: Content-Type '{kind}' is not read. Send a picture's file as image/*")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_packed_bodies_are_refused(encoding: str) -> None:
    assert refused(("Content-Encoding", encoding)).status == 415
    assert read(("Content-Encoding", "Identity"))


@pytest.mark.parametrize("title", ["Content-Type", "Content-Encoding", "Content-Length", "X-Width", "X-Selection"])
def test_a_header_that_stands_there_twice_is_refused(title: str) -> None:
    assert refused((title, "1"), *RAW.items(), (title.lower(), "1")).what.endswith("stands there twice")


class TestLength:
    def test_more_than_the_limit_is_refused_before_it_comes(self) -> None:
        assert read(("Content-Length", "2000000")).length == 2_000_000
        with pytest.raises(TooLargeError, match=r"a\.jpg: the file has 2\.5 MB: the limit is 2\."):
            read(("Content-Length", "2500000"))

    def test_nothing_is_no_picture(self) -> None:
        with pytest.raises(NotAPictureError, match=r"a\.jpg: the file is empty"):
            read(("Content-Length", "0"))

    @pytest.mark.parametrize("length", ["-1", "+5", "5.0", "0x10", "", "five", "²", "1_000", " 5", "9" * 21])
    def test_what_is_no_number_is_refused(self, length: str) -> None:
        assert refused(("Content-Length", length)).what == f"Content-Length cannot be {length!r}"


class TestRaw:
    def test_all_three_headers_make_raw_pixels(self) -> None:
        assert read(*RAW.items(), ("Content-Length", "600")) == BodyHeaders(600, None, RawSize(10, 20, 3))
        assert read(*RAW.items()).raw_bytes == 600

    @pytest.mark.parametrize("title", ["X-Width", "X-Height", "X-Channels"])
    def test_two_of_them_are_refused(self, title: str) -> None:
        error = refused(*((name, value) for name, value in RAW.items() if name != title))
        assert error.what == f"a.jpg: {title} is missing"

    @pytest.mark.parametrize("title", ["X-Width", "X-Height", "X-Channels"])
    @pytest.mark.parametrize("value", ["0", "-1", "+1", "01", "1.0", "1e3", " 1", "", "x", "0x1", "1_0", "10000000000"])
    def test_what_is_no_plain_number_is_refused(self, title: str, value: str) -> None:
        assert refused(*{**RAW, title: value}.items()).what == f"a.jpg: {title} cannot be {value!r}"

    def test_five_channels_are_refused(self) -> None:
        assert refused(*{**RAW, "X-Channels": "5"}.items()).what == "a.jpg: X-Channels cannot be '5'"

    @pytest.mark.parametrize("kind", ["image/png", "multipart/form-data; boundary=x", ""])
    def test_they_belong_to_octets_alone(self, kind: str) -> None:
        assert "belong to raw pixels" in refused(*{**RAW, "Content-Type": kind}.items()).what

    def test_too_many_pixels_are_refused_before_they_come(self) -> None:
        with pytest.raises(TooLargeError, match=r"has 100000 x 11 pixels: that is 1\.1 megapixels"):
            read(*{**RAW, "X-Width": "100000", "X-Height": "11"}.items())

    def test_a_length_that_does_not_fit_is_refused_with_both_numbers(self) -> None:
        error = refused(*RAW.items(), ("Content-Length", "599"))
        assert error.why == "599 bytes came, and 10 x 20 pixels with 3 channels are 600"


class TestSelection:
    selected = RAW | {"X-Selection": "1"}

    def test_it_comes_after_the_pixels_a_byte_for_each(self) -> None:
        said = read(*self.selected.items(), ("Content-Length", "800"))
        assert said == BodyHeaders(800, None, RawSize(10, 20, 3), selection=True)
        assert (said.pixel_bytes, said.raw_bytes) == (600, 800)

    @pytest.mark.parametrize("length", [600, 799, 801, 1200])
    def test_a_length_that_does_not_fit_is_refused_with_all_numbers(self, length: int) -> None:
        error = refused(*self.selected.items(), ("Content-Length", str(length)))
        came = f"{length} bytes came"
        assert error.why == f"{came}, and 10 x 20 pixels with 3 channels and their selection are 600 and 200"
        assert error.remedy.endswith("and after them the selection, a byte a pixel")
        assert error.status == 400

    def test_a_selection_that_nobody_spoke_of_is_refused(self) -> None:
        error = refused(*RAW.items(), ("Content-Length", "800"))
        assert error.why == "800 bytes came, and 10 x 20 pixels with 3 channels are 600"

    @pytest.mark.parametrize("value", ["0", "2", "", "true", "1, 1", "01", "\xb9"])
    def test_another_word_is_refused(self, value: str) -> None:
        assert refused(*RAW.items(), ("X-Selection", value)).what == f"a.jpg: X-Selection cannot be {value!r}"

    @pytest.mark.parametrize("kind", ["image/png", "application/octet-stream", "multipart/form-data; boundary=x"])
    def test_without_raw_pixels_it_is_refused(self, kind: str) -> None:
        error = refused(("Content-Type", kind), ("X-Selection", "1"))
        assert (error.what, error.status) == ("a.jpg: X-Selection belongs to raw pixels", 400)

    def test_it_counts_among_the_bytes_that_are_allowed(self) -> None:
        size = {"X-Width": "1000", "X-Height": "600", "X-Channels": "2"}
        assert read(*(self.selected | size | {"Content-Length": "1800000"}).items()).selection
        with pytest.raises(TooLargeError, match=r"a\.jpg: the file has 2\.4 MB: the limit is 2\."):
            read(*(self.selected | size | {"X-Channels": "3", "Content-Length": "2400000"}).items())


class TestForm:
    @pytest.mark.parametrize(("said", "boundary"), [("x", b"x"), ('"a b"', b"a b"), ("-" * 70, b"-" * 70)])
    def test_the_boundary_is_read(self, said: str, boundary: bytes) -> None:
        assert read(("Content-Type", f"Multipart/Form-Data; charset=utf-8; boundary={said}")).boundary == boundary

    @pytest.mark.parametrize("said", ["", "; boundary=", '; boundary=""', "; boundary=" + "x" * 71, "; bound=x"])
    def test_without_a_proper_one_it_is_refused(self, said: str) -> None:
        error = refused(("Content-Type", f"multipart/form-data{said}"))
        assert (error.status, error.what) == (400, "a.jpg: the form has no boundary")


TITLES = st.sampled_from(["Content-Type", "Content-Length", "Content-Encoding", "X-Selection", *list(RAW)[1:]])
VALUES = st.one_of(
    st.sampled_from([*RAW.values(), "1", "multipart/form-data; boundary=x", "600", "identity", "image/*", ";", '";"']),
    st.text(st.characters(max_codepoint=255), max_size=30),
)


@given(st.lists(st.tuples(TITLES, VALUES), max_size=6))
def test_any_headers_are_read_or_refused_in_a_sentence(pairs: list[tuple[str, str]]) -> None:
    try:
        found = read(*pairs)
    except BshmError as error:
        assert "\n" not in str(error)  # noqa: PT017  # both ways are right
    else:
        assert found.raw is None or found.raw_bytes <= 4e6
        assert found.length is None or 0 < found.length <= 2e6
        assert found.boundary != b""
