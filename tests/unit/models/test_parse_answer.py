"""Reading a model's text: a valid answer or a typed failure, for any text, in linear time."""

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from contracts.usage import Usage
from engines.models.failures import (
    AnswerUnusable,
    Empty,
    Invalid,
    Truncated,
    Unreadable,
)
from engines.models.messages import ModelReply
from engines.models.parse_answer import (
    MAX_ANSWER_LENGTH,
    MAX_FAULTS,
    read_answer,
    strict_schema,
)
from tests.linear_work import bounded_work

USED = Usage(calls=1, prompt_tokens=9, completion_tokens=3, models=("p/m",))


class Part(BaseModel):
    title: Literal["a", "b"]
    value: str = Field(default="", max_length=5, pattern="^[a-z ]*$")


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    category: Literal["billing", "technical"] = Field(description="What it is about")
    level: int = Field(default=1, ge=1, le=4)
    parts: tuple[Part, ...] = ()
    other: Part | None = None


GOOD = {
    "category": "billing",
    "level": 2,
    "parts": [{"title": "a", "value": "b }"}],
    "other": None,
}
TEXT = json.dumps({"category": "billing", "parts": [{"title": "a", "value": "x"}]})


def reply(text: str, finish: str | None = "stop") -> ModelReply:
    return ModelReply(text, USED, finish)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"```json\n{TEXT}\n```",
        f"Sure {{as asked}}, it's here: {TEXT} Anything else? {{}}",
        f'<think>Is it {{"category": "technical"}}?</think>{TEXT}',
        f"[{TEXT}]",
        f'{{"category": "hardware"}} no, better: {TEXT}',
        f'The customer wrote {{"category": "technical"}} in the ticket. {TEXT}',
        f"{'{color: red} ' * 500}{TEXT}",
        '{"category": "technical"} ' * 500 + TEXT,
        TEXT + ' Not {"category": "hardware"}.',
        TEXT.replace('"x"', '"\\u0000x"'),
        TEXT.replace('"category"', '\n"category"'),
    ],
)
def test_what_stands_around_the_object_does_not_matter(text: str) -> None:
    assert read_answer(reply(text), Answer) == Answer(
        category="billing", parts=(Part(title="a", value="x"),)
    )


@pytest.mark.parametrize(
    ("text", "finish", "failure"),
    [
        ("", "stop", Empty),
        ("  \n", None, Empty),
        ("<think>Hm.</think>", "stop", Empty),
        (TEXT, "length", Truncated),
        ("", "length", Truncated),
        (TEXT[:-1], "stop", Truncated),
        (TEXT[:-4], "stop", Truncated),
        (TEXT[:12], "stop", Truncated),
        ("```json\n{", "stop", Truncated),
        ("It is about billing.", "stop", Unreadable),
        ("null", "stop", Unreadable),
        ("{category: billing}", "stop", Unreadable),
        ('{"category": NaN}', "stop", Unreadable),
        ("[1, 2]", "stop", Unreadable),
        ('{"category": "hardware"}', "stop", Invalid),
        ('{"category": "billing", "level": 9}', "stop", Invalid),
        ('{"category": "billing", "level": "very"}', "stop", Invalid),
        ("{}", "stop", Invalid),
        (
            '{"category": "billing", "parts": [{"title": "a", "value": "\\ud800"}]}',
            "stop",
            Invalid,
        ),
    ],
)
def test_each_failure_has_its_type_and_the_usage(
    text: str, finish: str, failure: type[AnswerUnusable]
) -> None:
    with pytest.raises(failure) as caught:
        read_answer(reply(text, finish), Answer)
    assert type(caught.value) is failure
    assert caught.value.usage == USED


def test_invalid_names_fields_and_kinds_and_no_values() -> None:
    text = '{"category": "SECRET", "level": "SECRET", "parts": [{"title": "SECRET"}], "SECRET": 1}'
    with pytest.raises(Invalid) as caught:
        read_answer(reply(text), Answer)
    assert caught.value.problems == (
        "category: literal_error",
        "level: int_parsing",
        "parts.0.title: literal_error",
        "answer: extra_forbidden",
    )
    assert "SECRET" not in str(caught.value) + repr(caught.value)


def test_an_answer_that_is_too_long_is_not_read() -> None:
    with pytest.raises(Invalid) as caught:
        read_answer(reply(TEXT + " " * MAX_ANSWER_LENGTH), Answer)
    assert caught.value.problems == ("answer: too_long",)
    assert (
        read_answer(
            reply(TEXT + " " * (MAX_ANSWER_LENGTH - len(TEXT))), Answer
        ).category
        == "billing"
    )


def test_a_quotation_before_too_many_faults_is_no_answer() -> None:
    with pytest.raises(Unreadable):
        read_answer(
            reply('{"category": "technical"}' + '{"a" ' * (MAX_FAULTS + 1) + TEXT),
            Answer,
        )


PIECES = st.sampled_from(
    [
        '{"',
        "{",
        "}",
        '"',
        ":",
        ",",
        "[",
        "]",
        "\\",
        "\\u",
        "ud800",
        '"category"',
        '"billing"',
        TEXT,
    ]
)


@given(
    st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)),
    st.sampled_from(["stop", "length", None]),
)
def test_any_text_is_an_answer_or_a_typed_failure(
    text: str, finish: str | None
) -> None:
    try:
        answer = read_answer(reply(text, finish), Answer)
    except AnswerUnusable as error:
        assert error.usage == USED  # noqa: PT017 - there may be none
    else:
        assert isinstance(answer, Answer)
        answer.model_dump_json()


@given(
    st.text().filter(lambda text: "{" not in text and "</think>" not in text), st.text()
)
def test_an_answer_is_found_in_any_words(before: str, after: str) -> None:
    after = after.replace("</think>", "")
    assert (
        read_answer(
            reply(before + json.dumps(GOOD | {"parts": []}) + after), Answer
        ).level
        == 2
    )


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        '{"',
        '{"a":',
        '{"a":[',
        "{}",
        '{"\\',
        "}",
        "[",
        '"',
        '{"a": "b" ',
        "{ ",
        "{\n" + " " * 99,
        '{"a": 1}',
    ],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    with bounded_work(), pytest.raises(AnswerUnusable):
        read_answer(reply(text), Answer)


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    nested = [found for value in schema.values() for found in objects(value)]
    return [schema, *nested] if schema.get("type") == "object" else nested


def test_the_schema_is_what_strict_modes_take() -> None:
    schema = strict_schema(Answer)
    found = objects(schema)
    assert len(found) == 3
    for part in found:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
    text = json.dumps(schema)
    assert not any(
        word in text for word in ("$ref", "$defs", "default", "maxLength", "pattern")
    )
    assert (
        '"title": {"enum": ["a", "b"], "type": "string"}' in text
    )  # a field's name, not an annotation
    assert schema["properties"]["category"]["description"] == "What it is about"
    assert schema["properties"]["other"]["anyOf"][1] == {"type": "null"}
