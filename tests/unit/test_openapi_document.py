"""/openapi.json as client generators and their users read it: named, described, by example."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from server.app import create_app
from server.settings import Settings

DOCUMENT = create_app(Settings()).openapi()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
BODIES = {
    name: schema
    for name, operation in OPERATIONS
    for body in [operation.get("requestBody")]
    if body
    for schema in [body["content"]["application/json"]["schema"]]
}


def resolve_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a body refers to; of an optional body, the one that is not null."""
    options = [option for option in schema.get("anyOf", [schema]) if "$ref" in option]
    return SCHEMAS[options[0]["$ref"].rpartition("/")[2]]


def schema_parts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema and every field of one."""
    for name, schema in SCHEMAS.items():
        yield name, schema
        for field, value in schema.get("properties", {}).items():
            yield f"{name}.{field}", value


def operation_parts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, every parameter and every response of one."""
    for name, operation in OPERATIONS:
        yield name, operation
        for parameter in operation.get("parameters", []):
            yield f"{name} {parameter['name']}", parameter
        for status, response in operation["responses"].items():
            yield f"{name} {status}", response


def test_every_schema_field_operation_parameter_and_response_is_described() -> None:
    parts = [*schema_parts(), *operation_parts()]
    assert [name for name, part in parts if not part.get("description")] == []


def test_operation_ids_are_the_names_of_functions() -> None:
    ids = Counter(operation["operationId"] for _, operation in OPERATIONS)
    assert ids.most_common(1)[0][1] == 1
    for name in ("process_ticket", "list_tickets", "decide_approval", "get_health"):
        assert name in ids
    assert [name for name in ids if not re.fullmatch("[a-z]+(_[a-z]+)+", name)] == []


def test_every_tag_is_described_and_used() -> None:
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    used = {tag for _, operation in OPERATIONS for tag in operation["tags"]}
    assert used == described


def test_schemas_have_names_of_their_own() -> None:
    titles = Counter(schema["title"] for schema in SCHEMAS.values())
    assert titles.most_common(1)[0][1] == 1
    assert [name for name in SCHEMAS if "__" in name] == []


def patterns(value: Any) -> Iterator[str]:
    """Every regular expression below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for below in value.values():
            yield from patterns(below)
    elif isinstance(value, list):
        for below in value:
            yield from patterns(below)


def test_patterns_can_stand_between_quotes_in_generated_code() -> None:
    found = set(patterns(DOCUMENT))
    assert found
    assert [pattern for pattern in found if set(pattern) & set("\"'`/")] == []


@pytest.mark.parametrize("name", BODIES)
def test_every_body_has_an_example_that_fits_it(name: str) -> None:
    examples = resolve_schema(BODIES[name])["examples"]
    assert examples
    validator = Draft202012Validator(
        {**BODIES[name], "components": {"schemas": SCHEMAS}}
    )
    for example in examples:
        validator.validate(example)
