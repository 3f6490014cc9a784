"""The shapes that models fill: closed, in order, per desk."""

import json

import pytest
from pydantic import ValidationError

from policies.desk.model import Desk
from prompts.classify import LONGEST_REASONING, MOST_SECONDARY, classify_output
from prompts.draft import DraftOutput, draft_output
from prompts.extract import MOST_FIELDS, extract_output
from tests.unit.prompts.filled import DESKS

SUPPORT, HELPDESK = DESKS["customer_support"], DESKS["internal_helpdesk"]
SOUND = {
    "reasoning": "Paid twice.",
    "category": "billing",
    "severity": "high",
    "secondary_categories": ["account"],
}


def test_reasoning_is_asked_for_before_the_choice(desk: Desk) -> None:
    order = ["reasoning", "category", "severity", "secondary_categories"]
    schema = classify_output(desk).model_json_schema()
    assert list(schema["properties"]) == schema["required"] == order
    assert "description" not in json.dumps(schema)
    ids = [category.id for category in desk.categories]
    assert schema["properties"]["category"]["enum"] == ids
    assert schema["properties"]["secondary_categories"]["items"]["enum"] == ids


def test_a_sound_answer_is_read() -> None:
    read = classify_output(SUPPORT).model_validate_json(
        json.dumps({**SOUND, "confidence": 1.0})
    )
    assert read.model_dump() == SOUND


@pytest.mark.parametrize(
    "change",
    [
        {"category": "IT"},
        {"severity": "worst"},
        {"secondary_categories": ["none"]},
        {"reasoning": None},
    ],
)
def test_what_the_desk_does_not_know_is_no_answer(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        classify_output(SUPPORT).model_validate({**SOUND, **change})


def test_a_long_reasoning_is_cut_rather_than_refused() -> None:
    read = classify_output(SUPPORT).model_validate(
        {**SOUND, "reasoning": "so " * 5_000}
    )
    assert len(read.reasoning) == LONGEST_REASONING


def test_shapes_are_made_once_for_the_same_ids() -> None:
    assert classify_output(SUPPORT) is classify_output(SUPPORT.model_copy())
    assert classify_output(SUPPORT) is not classify_output(HELPDESK)
    fewer = SUPPORT.model_copy(update={"categories": SUPPORT.categories[:2]})
    assert classify_output(fewer) is not classify_output(SUPPORT), (
        "the same desk and version, with other categories"
    )


def test_extract_names_only_fields_that_are_asked_for(desk: Desk) -> None:
    shape = extract_output(desk)
    found = {"name": "order_id", "value": "ORD-1", "source_text": "my order ORD-1"}
    assert shape.model_validate({"fields": [found, found]}).fields[1].value == "ORD-1"
    assert shape.model_validate({"fields": []}).fields == []
    for name in ("account_email", "phone_number", "url", "priority_keywords", "absent"):
        with pytest.raises(ValidationError):
            shape.model_validate({"fields": [{**found, "name": name}]})


def test_a_desk_with_nothing_to_ask_says_so() -> None:
    desk = SUPPORT.model_copy(update={"fields": ()})
    with pytest.raises(ValueError, match="no field that a model is asked for"):
        extract_output(desk)


def test_a_draft_has_the_parts_of_a_reply(desk: Desk) -> None:
    assert draft_output(desk) is DraftOutput
    assert list(DraftOutput.model_fields) == [
        "acknowledgment", "explanation", "action_items", "suggested_actions", "greeting",
        "timeline", "closing",
    ]  # fmt: skip
    assert set(DraftOutput.model_json_schema()["required"]) == set(
        DraftOutput.model_fields
    )


BOUNDS = {
    "acknowledgment": 600, "explanation": 4_000, "action_items": (10, 500),
    "suggested_actions": (5, 300), "greeting": 300, "timeline": 300, "closing": 300,
}  # fmt: skip


def filled(bound: int | tuple[int, int], more: tuple[int, int] = (0, 0)) -> object:
    """A part as long as may be, and `more`: entries, characters."""
    if isinstance(bound, int):
        return "x" * (bound + more[1])
    return ["x" * (bound[1] + more[1])] * (bound[0] + more[0])


@pytest.mark.parametrize("part", BOUNDS)
def test_no_part_of_a_draft_is_longer_than_its_bound(part: str) -> None:
    most = {name: filled(bound) for name, bound in BOUNDS.items()}
    assert DraftOutput.model_validate(most).model_dump() == most
    for more in [(0, 1)] if isinstance(BOUNDS[part], int) else [(1, 0), (0, 1)]:
        with pytest.raises(ValidationError) as caught:
            DraftOutput.model_validate(most | {part: filled(BOUNDS[part], more)})
        assert {problem["type"] for problem in caught.value.errors()} == {"too_long"}


def test_fields_and_categories_are_bounded(desk: Desk) -> None:
    shape, found = (
        extract_output(desk),
        {"name": "order_id", "value": "v" * 500, "source_text": "s" * 500},
    )
    assert (
        len(shape.model_validate({"fields": [found] * MOST_FIELDS}).fields)
        == MOST_FIELDS
    )
    one = desk.categories[0].id
    sound = {**SOUND, "category": one, "secondary_categories": [one] * MOST_SECONDARY}
    assert classify_output(desk).model_validate(sound)
    for wrong in (
        [found] * (MOST_FIELDS + 1),
        [{**found, "value": "v" * 501}],
        [{**found, "source_text": "s" * 501}],
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            shape.model_validate({"fields": wrong})
    with pytest.raises(ValidationError):
        classify_output(desk).model_validate(
            {**sound, "secondary_categories": [one] * (MOST_SECONDARY + 1)}
        )


def test_bounds_are_no_part_of_the_schema(desk: Desk) -> None:
    for shape in (classify_output(desk), extract_output(desk), draft_output(desk)):
        sent = json.dumps(shape.model_json_schema())
        assert not [
            word
            for word in ("maxLength", "maxItems", "minLength", "minItems", "pattern")
            if word in sent
        ]
