"""The OpenAPI document is one, and says what the engine does."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from schemathesis.core.result import Ok

from engine.errors import BusyError, NotAPictureError
from engine.problems import to_problem
from engine.server.openapi import document
from engine.server.parameters import read_request, table
from engine.settings import Settings

DOCUMENT = document(Settings(), "1.2.3")
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}


def component(name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}


def test_it_is_json() -> None:
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_it_is_a_valid_openapi_document() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_every_path_can_be_called_by_it() -> None:
    loaded = schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    assert {each.ok().label for each in loaded if isinstance(each, Ok)} == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_refusal_is_a_problem(name: str) -> None:
    for status, response in OPERATIONS[name]["responses"].items():
        if int(status) >= 400 and name != "GET /readyz":
            shared = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
            assert list(shared["content"]) == ["application/problem+json"]
            assert HTTPStatus(int(status))


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_every_schema_is_one(name: str) -> None:
    jsonschema_rs.validator_for(component(name))


@pytest.mark.parametrize("error", [BusyError("full"), NotAPictureError("a.jpg: empty", "why", "remedy")])
def test_a_problem_is_as_it_says(error: BusyError | NotAPictureError) -> None:
    assert jsonschema_rs.is_valid(component("Problem"), to_problem(error, "j.1")[2])
    assert not jsonschema_rs.is_valid(component("Problem"), {"detail": "a sentence"})


class TestParameters:
    def described(self, settings: Settings) -> dict[str, Any]:
        parameters = document(settings, "1")["paths"]["/v1/cutout"]["post"]["parameters"]
        return {each["name"]: each for each in parameters if each["in"] == "query"}

    def test_all_that_are_read_are_described(self) -> None:
        assert list(self.described(Settings())) == [each.name for each in table(Settings())]

    def test_defaults_are_the_configs_and_can_be_said(self) -> None:
        settings = Settings(want=("matte", "cutout"), matte_bits=16, people=3, background="#123456")
        defaults = {
            name: each["schema"]["default"]
            for name, each in self.described(settings).items()
            if "default" in each["schema"]
        }
        assert defaults["want"] == ["matte", "cutout"]
        assert set(self.described(settings)) - set(defaults) == {"at", "threshold", "job", "deadline", "name"}
        for name, each in self.described(settings).items():
            if name in defaults:
                assert jsonschema_rs.is_valid(each["schema"], defaults[name])
        query = [(name, ",".join(value) if isinstance(value, list) else str(value)) for name, value in defaults.items()]
        assert read_request(query, settings) == read_request([], settings)

    def test_a_background_that_is_a_file_of_the_config_is_not_told(self) -> None:
        assert "default" not in self.described(Settings(background="/pictures/beach.jpg"))["background"]["schema"]
