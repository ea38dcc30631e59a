"""What the resident engine is asked for, by the settings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.asking import asked_by
from engine.client import Asked
from engine.settings import Settings


def asked(*kinds: str, name: str = "a.jpg") -> Asked:
    settings = Settings(network="rvm", people=2, quality="fast", format="tiff", matte_bits=16, want=("composite",))
    return asked_by(settings, kinds, name=name, job="j.1", priority="batch", background=None)


def test_the_settings_say_how_and_not_what() -> None:
    assert asked("cutout", "report", "matte") == Asked(
        ("cutout", "matte"), "tiff", 16, "batch", "rvm", 2, quality="fast", job="j.1", name="a.jpg"
    )


def test_something_has_to_be_wanted_where_only_the_report_is() -> None:
    assert asked("report").want == asked().want == ("matte",)


@given(st.text(max_size=30), st.integers(0, 1500))
def test_of_a_long_name_the_end_is_said(end: str, more: int) -> None:
    name = "照" * more + end
    said = asked(name=name).name
    assert said is not None
    assert len(said) <= 1000
    assert said == name or (said.startswith("...") and name.endswith(said[3:]) and len(said) == 1000)
