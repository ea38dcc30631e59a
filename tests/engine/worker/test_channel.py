"""Messages between the server and its worker, with descriptors beside them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from engine.shared import Shared
from engine.worker import channel

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(some.characters(codec="utf-8"), max_size=50),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)


@given(some.lists(some.dictionaries(some.text(some.characters(codec="utf-8"), max_size=9), JSON), max_size=5))
def test_messages_arrive_whole_and_in_their_order(messages: list[channel.Message]) -> None:
    one, other = channel.pair()
    with one, other:
        for message in messages:
            channel.send(one, message)
        assert [channel.receive(other) for _ in messages] == [(message, None) for message in messages]


def test_bytes_go_beside_a_message() -> None:
    one, other = channel.pair()
    with one, other, Shared() as shared:
        shared.append(b"pixels")
        channel.send(one, {"do": "run"}, shared)
        received = channel.receive(other)
        assert received
        message, theirs = received
        assert message == {"do": "run"}
        assert theirs
        with theirs:
            assert theirs.read(0, 9) == b"pixels"


def test_the_end_of_the_other_side_is_the_end_of_messages() -> None:
    one, other = channel.pair()
    with other:
        with one:
            channel.send(one, {"say": "last"})
        assert channel.receive(other) == ({"say": "last"}, None)
        assert channel.receive(other) is None


def test_a_name_that_is_no_text_does_not_stop_a_message() -> None:
    one, other = channel.pair()
    with one, other:
        channel.send(one, {"name": "a\udcff.jpg"})
        received = channel.receive(other)
        assert received
        assert received[0]["name"] == "a\udcff.jpg"


def test_a_long_traceback_is_cut_to_its_end() -> None:
    one, other = channel.pair()
    with one, other:
        channel.send(one, {"trace": channel.shortened("错" * 1_000_000 + "the end")})
        received = channel.receive(other)
        assert received
        assert received[0]["trace"].endswith("the end")
