"""The ladder: what is remembered, and what each rung sends."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from engines.models.rungs import (
    APART,
    LADDER,
    REMEMBERED,
    ModelSpec,
    Rung,
    Rungs,
    format_of,
    note_of,
)

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}


def spec(name: str = "m", rungs: tuple[Rung, ...] = LADDER) -> ModelSpec:
    return ModelSpec("compatible", name, "http://x/v1", SecretStr("k"), rungs=rungs)


def test_a_refusal_is_remembered_for_that_model_only() -> None:
    rungs = Rungs()
    assert rungs.current(spec()) == "json_schema"
    assert rungs.refused(spec(), "json_schema") == "json_object"
    assert rungs.current(spec()) == "json_object"
    assert rungs.current(spec("other")) == "json_schema"


def test_two_calls_that_fail_together_go_down_one_rung() -> None:
    rungs = Rungs()
    assert [rungs.refused(spec(), "json_schema") for _ in range(2)] == [
        "json_object",
        "json_object",
    ]


def test_after_the_last_rung_there_is_none() -> None:
    rungs, short = Rungs(), spec(rungs=("json_object", "prose"))
    assert rungs.refused(short, "json_object") == "prose"
    assert rungs.refused(short, "prose") is None
    assert rungs.current(short) == "prose"


def test_a_refusal_is_forgotten_after_a_while() -> None:
    now = [0.0]
    rungs = Rungs(clock=lambda: now[0])
    rungs.refused(spec(), "json_schema")
    now[0] = REMEMBERED - 1
    assert rungs.current(spec()) == "json_object"
    now[0] = REMEMBERED
    assert rungs.current(spec()) == "json_schema"


def test_refusals_that_stand_are_met_one_at_a_time() -> None:
    now = [0.0]
    rungs = Rungs(clock=lambda: now[0])
    for rung in LADDER[:3]:
        rungs.refused(spec(), rung)
    now[0] = REMEMBERED
    for rung in LADDER[:3]:
        assert rungs.current(spec()) == rung
        assert rungs.refused(spec(), rung) == "prose", (
            "the second call of the step is taken"
        )
        now[0] += APART


@given(st.lists(st.sampled_from(LADDER)))
def test_the_current_rung_is_never_one_that_was_refused_while_another_is_left(
    refusals: list[Rung],
) -> None:
    rungs = Rungs()
    for rung in refusals:
        rungs.refused(spec(), rung)
    left = [rung for rung in LADDER if rung not in refusals]
    assert rungs.current(spec()) == (left[0] if left else "prose")


def test_every_rung_tells_the_model_the_schema_once() -> None:
    for rung in LADDER:
        for in_object in (True, False):
            sent = str(format_of(rung, SCHEMA, "Answer", in_object=in_object))
            noted = note_of(rung, SCHEMA, in_object=in_object)
            assert ("'properties'" in sent) != ('"properties"' in noted)


def test_the_tool_is_forced_and_the_schema_strict() -> None:
    tool = format_of("tool", SCHEMA, "Answer", in_object=False)
    assert tool["tool_choice"] == {"type": "function", "function": {"name": "Answer"}}
    assert format_of("json_schema", SCHEMA, "Answer", in_object=False)[
        "response_format"
    ]["json_schema"]["strict"]
