"""The ladder: what is remembered, and what each rung sends."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from engines.models.rungs import (
    REFUSAL_MEMORY_SECONDS,
    RETRIAL_SPACING_SECONDS,
    RUNG_ORDER,
    ModelSpec,
    Rung,
    RungMemory,
    build_format_request,
    build_schema_note,
)

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}


def spec(name: str = "m", rungs: tuple[Rung, ...] = RUNG_ORDER) -> ModelSpec:
    return ModelSpec("compatible", name, "http://x/v1", SecretStr("k"), rungs=rungs)


def test_a_refusal_is_remembered_for_that_model_only() -> None:
    rungs = RungMemory()
    assert rungs.current_rung(spec()) == "json_schema"
    assert rungs.record_refusal(spec(), "json_schema") == "json_object"
    assert rungs.current_rung(spec()) == "json_object"
    assert rungs.current_rung(spec("other")) == "json_schema"


def test_two_calls_that_fail_together_go_down_one_rung() -> None:
    rungs = RungMemory()
    assert [rungs.record_refusal(spec(), "json_schema") for _ in range(2)] == [
        "json_object",
        "json_object",
    ]


def test_after_the_last_rung_there_is_none() -> None:
    rungs, short = RungMemory(), spec(rungs=("json_object", "prose"))
    assert rungs.record_refusal(short, "json_object") == "prose"
    assert rungs.record_refusal(short, "prose") is None
    assert rungs.current_rung(short) == "prose"


def test_a_refusal_is_forgotten_after_a_while() -> None:
    now = [0.0]
    rungs = RungMemory(clock=lambda: now[0])
    rungs.record_refusal(spec(), "json_schema")
    now[0] = REFUSAL_MEMORY_SECONDS - 1
    assert rungs.current_rung(spec()) == "json_object"
    now[0] = REFUSAL_MEMORY_SECONDS
    assert rungs.current_rung(spec()) == "json_schema"


def test_refusals_that_stand_are_met_one_at_a_time() -> None:
    now = [0.0]
    rungs = RungMemory(clock=lambda: now[0])
    for rung in RUNG_ORDER[:3]:
        rungs.record_refusal(spec(), rung)
    now[0] = REFUSAL_MEMORY_SECONDS
    for rung in RUNG_ORDER[:3]:
        assert rungs.current_rung(spec()) == rung
        assert rungs.record_refusal(spec(), rung) == "prose", (
            "the second call of the step is taken"
        )
        now[0] += RETRIAL_SPACING_SECONDS


@given(st.lists(st.sampled_from(RUNG_ORDER)))
def test_the_current_rung_is_never_one_that_was_refused_while_another_is_left(
    refusals: list[Rung],
) -> None:
    rungs = RungMemory()
    for rung in refusals:
        rungs.record_refusal(spec(), rung)
    left = [rung for rung in RUNG_ORDER if rung not in refusals]
    assert rungs.current_rung(spec()) == (left[0] if left else "prose")


def test_every_rung_tells_the_model_the_schema_once() -> None:
    for rung in RUNG_ORDER:
        for in_object in (True, False):
            sent = str(
                build_format_request(rung, SCHEMA, "Answer", in_object=in_object)
            )
            noted = build_schema_note(rung, SCHEMA, in_object=in_object)
            assert ("'properties'" in sent) != ('"properties"' in noted)


def test_the_tool_is_forced_and_the_schema_strict() -> None:
    tool = build_format_request("tool", SCHEMA, "Answer", in_object=False)
    assert tool["tool_choice"] == {"type": "function", "function": {"name": "Answer"}}
    assert build_format_request("json_schema", SCHEMA, "Answer", in_object=False)[
        "response_format"
    ]["json_schema"]["strict"]
