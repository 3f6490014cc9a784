"""The JSON Schemas: kept up to date, named in every file, and saying what the models say."""

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import ValidationError

from contracts.values import SEVERITIES
from policies.desk.model import REVIEW_LEVELS, Rule
from policies.loading.documents import parse_document
from policies.loading.files import FILES
from policies.rules.facts import FACTS
from policies.schema import SCHEMA_FOLDER, build_schemas

DESKS = SCHEMA_FOLDER.parent / "desks"
SHIPPED = sorted(DESKS.glob("*/*.yaml"))


def test_the_schema_files_are_those_the_models_give() -> None:
    assert {
        path.name: path.read_text(encoding="utf-8")
        for path in SCHEMA_FOLDER.glob("*.json")
    } == build_schemas()


def test_the_command_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policies.schema.SCHEMA_FOLDER", tmp_path)
    # runpy warns of a module that is imported already
    monkeypatch.delitem(sys.modules, "policies.schema.__main__", raising=False)
    runpy.run_module("policies.schema", run_name="__main__")
    assert {
        path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()
    } == build_schemas()


@pytest.mark.parametrize(
    "path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_shipped_file_fits_its_schema(path: Path) -> None:
    schema = json.loads(build_schemas()[f"{path.stem}.schema.json"])
    Draft7Validator(schema).validate(
        parse_document(path.read_text(encoding="utf-8"), path.name).data
    )


@pytest.mark.parametrize(
    "path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_shipped_file_names_its_schema(path: Path) -> None:
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first_line)
    assert named is not None
    assert (
        path.parent / named[1]
    ).resolve() == SCHEMA_FOLDER / f"{path.stem}.schema.json"


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.floats(-1, 3)
    | st.sampled_from(["", "x", *SEVERITIES])
)
bounds = st.dictionaries(st.sampled_from(["min", "max", "most"]), scalars, max_size=2)
conditions = scalars | bounds | st.lists(scalars, max_size=2)
verdicts = st.none() | st.sampled_from(["whatever", *REVIEW_LEVELS])
rules = st.fixed_dictionaries(
    {"id": st.just("r"), "reason": st.just("drawn")},
    optional={
        "grant": verdicts,
        "require": verdicts,
        "when": st.dictionaries(
            st.sampled_from(["colour", *FACTS]), conditions, max_size=2
        ),
    },
)
RULE_SCHEMA = Draft7Validator(Rule.model_json_schema())


@given(rules)
def test_a_rule_fits_the_schema_exactly_when_it_fits_the_model(
    rule: dict[str, Any],
) -> None:
    try:
        Rule.model_validate_json(json.dumps(rule), strict=True)
    except ValidationError:
        fits = False
    else:
        fits = True
    assert RULE_SCHEMA.is_valid(rule) is fits


DAMAGE: list[Any] = [None, "", "text", -1, 0.5, True, [], {}, [1], {"x": 1}]


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_damaged_file_fits_the_schema_exactly_when_it_fits_the_model(
    name: str,
) -> None:
    document = parse_document(
        (DESKS / "customer_support" / name).read_text(encoding="utf-8"), name
    )
    validator = Draft7Validator(
        json.loads(build_schemas()[f"{Path(name).stem}.schema.json"])
    )
    for damaged in _damaged(document.data):
        assert validator.is_valid(damaged) is _fits(name, damaged), damaged


def _fits(name: str, data: Any) -> bool:
    try:
        FILES[name].model_validate_json(json.dumps(data), strict=True)
    except ValidationError:
        return False
    return True


def _damaged(data: Any) -> Any:
    """The data with one value replaced, removed or added.

    Of a list only the first, of a mapping the first dozen.
    """
    yield from DAMAGE
    if isinstance(data, list):
        for value in _damaged(data[0]) if data else ():
            yield [value]
    if isinstance(data, dict):
        yield data | {"unheard_of": 1}
        for key, value in list(data.items())[:12]:
            yield {other: data[other] for other in data if other != key}
            for damaged in _damaged(value):
                yield data | {key: damaged}
