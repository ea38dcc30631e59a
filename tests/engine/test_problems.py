"""An error that goes over the socket is the same error on the other side."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine import errors
from engine.errors import BshmError, BusyError, EngineError, RequestError
from engine.problems import TABLE, from_problem, to_problem

ALL = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, BshmError)]


@pytest.mark.parametrize("kind", ALL)
@given(parts=some.tuples(some.text(min_size=1), some.text(), some.text()))
def test_kind_and_sentence_survive_the_way(kind: type[BshmError], parts: tuple[str, str, str]) -> None:
    status, headers, problem = to_problem(kind(*parts))
    back = from_problem(status, json.loads(json.dumps(problem)), headers.get("Retry-After"))
    assert type(back) in kind.__mro__
    assert type(back) is kind or kind not in TABLE
    assert (back.what, back.why, back.remedy) == parts
    assert problem["detail"] == str(back)


@pytest.mark.parametrize("kind", ALL)
def test_every_error_has_a_status_that_says_whose_fault_it_is(kind: type[BshmError]) -> None:
    status, _, problem = to_problem(kind("what", "why"))
    assert problem["status"] == status
    assert (400 <= status < 500) == issubclass(
        kind, (errors.UsageError, errors.PictureError, errors.OutputError, errors.AccessError, errors.CancelledError)
    ) or kind is errors.ConfigError


def test_a_request_error_has_its_own_status() -> None:
    status, _, problem = to_problem(RequestError("no such path", status=404), "id-7")
    assert (status, problem["job"]) == (404, "id-7")
    back = from_problem(status, problem)
    assert isinstance(back, RequestError)
    assert back.status == 404


def test_a_full_queue_says_when_to_come_again() -> None:
    status, headers, problem = to_problem(BusyError("full", retry_after=9))
    assert (status, headers) == (503, {"Retry-After": "9"})
    back = from_problem(status, problem, "9")
    assert isinstance(back, BusyError)
    assert back.retry_after == 9


@pytest.mark.parametrize("problem", [{}, {"type": "about:blank", "title": "Nope"}, {"type": 7, "what": None}])
def test_a_problem_of_another_program_is_an_engine_error(problem: dict[str, object]) -> None:
    assert type(from_problem(500, problem)) is EngineError
