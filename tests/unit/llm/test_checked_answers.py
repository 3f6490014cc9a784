"""A model's fields count only when they stand in the text and have the shape of what they
are said to be."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.extraction import Extraction
from contracts.ticket import CleanTicket, Ticket
from contracts.usage import Usage
from engines.llm.checked_answers import build_classification, merge_extraction
from engines.masking import Mask, create_mask
from policies.loading.load import load_desks
from ticketgraph.assembly import SHIPPED_DESKS

DESK = load_desks(SHIPPED_DESKS)["customer_support"]
TEXT = (
    "My Frobnicator shows E-77 since 3 May 2026 and order ORD-5521 cost $49.99. My customer "
    "number is KD-8812.\n"
    "Write to ada@example.com."
)
COST = Usage(calls=1, prompt_tokens=100, completion_tokens=20, models=("acme/m",))


def clean_of(text: str) -> CleanTicket:
    return CleanTicket(subject="", body=text)


def mask_of(text: str) -> Mask:
    ticket = Ticket(id="T-1", body=text, received_at=datetime.now(UTC))
    return create_mask(ticket, clean_of(text), DESK)


def extracted(
    *found: tuple[str, str, str], text: str = TEXT, local: Extraction | None = None
) -> Extraction:
    mask = mask_of(text)
    mask.mask_text(text)
    return merge_extraction(
        list(found),
        local or Extraction(),
        clean_of(text),
        DESK,
        mask,
        "extract@1",
        COST,
    )


@pytest.mark.parametrize(
    ("name", "value", "quoted", "read"),
    [
        ("product_name", "Frobnicator", "My Frobnicator shows", ["Frobnicator"]),
        ("product_name", "frobnicator", "my  frobnicator", ["frobnicator"]),
        ("error_code", "E-77", "shows E-77", ["E-77"]),
        ("order_id", "ORD-5521", "order ORD-5521", ["ORD-5521"]),
        ("amount", "$49.99", "cost $49.99", [49.99]),
        ("account_id", "KD-8812", "customer number is KD-8812", ["KD-8812"]),
        ("date", "3 May 2026", "since 3 May 2026", ["2026-05-03"]),
    ],
)
def test_what_stands_in_the_text_is_taken(
    name: str, value: str, quoted: str, read: list[Any]
) -> None:
    found = extracted((name, value, quoted))
    assert found.values(name) == read
    assert (found.engine, found.prompt_version, found.usage) == (
        "llm",
        "extract@1",
        COST,
    )
    assert found.validation_errors == ()
    (field,) = found.fields
    if field.start is not None and field.end is not None:
        assert TEXT[field.start : field.end] == field.source_span


@pytest.mark.parametrize(
    ("name", "value", "quoted"),
    [
        ("order_id", "ORD-9999", "order ORD-9999"),
        ("order_id", "Frobnicator", "My Frobnicator"),
        ("amount", "$4999", "cost $49.99"),
        ("amount", "KD-8812", "number is KD-8812"),
        ("error_code", "Frobnicator", "My Frobnicator"),
        ("error_code", "order ORD-5521 cost", "order ORD-5521 cost"),
        ("product_name", "Frobnicator Deluxe", "My Frobnicator"),
        ("product_name", TEXT * 3, TEXT * 3),
        ("date", "4 May 2026", "since 3 May 2026"),
    ],
)
def test_what_does_not_is_left_out_and_said(name: str, value: str, quoted: str) -> None:
    found = extracted((name, value, quoted))
    assert found.fields == ()
    assert len(found.validation_errors) == 1
    assert name in found.validation_errors[0]
    assert not value or value not in found.validation_errors[0]


def test_an_invented_field_is_no_field() -> None:
    assert extracted(("password", "E-77", "shows E-77")).fields == ()


def test_what_patterns_found_stands() -> None:
    local = extracted(("order_id", "ORD-5521", "order ORD-5521")).model_copy(
        update={"engine": "local"}
    )
    found = extracted(("order_id", "E-77", "shows E-77"), local=local)
    assert found.values("order_id") == ["ORD-5521"]


def test_several_values_are_several_and_one_is_one() -> None:
    found = extracted(
        ("error_code", "E-77", "shows E-77"),
        ("error_code", "E-77", "E-77"),
        ("error_code", "KD-8812", "is KD-8812"),
    )
    assert found.values("error_code") == ["E-77", "KD-8812"]


@pytest.mark.parametrize("value", ["", " ", "None", "n/a", "not provided"])
def test_a_model_that_finds_nothing_and_says_so_is_no_fault(value: str) -> None:
    found = extracted(("product_name", value, value))
    assert (found.fields, found.validation_errors) == ((), ())


def read_masked(name: str, text: str, before: str, after: str) -> Extraction:
    """What comes of a model that gives the pseudonym between two texts as a field's value."""
    mask = mask_of(text)
    hidden = mask.mask_text(text).split(before, 1)[1].split(after, 1)[0]
    assert hidden.startswith("[")
    return merge_extraction(
        [(name, hidden, hidden)],
        Extraction(),
        clean_of(text),
        DESK,
        mask,
        "extract@1",
        COST,
    )


def test_a_pseudonym_comes_back_as_what_it_stands_for() -> None:
    found = read_masked(
        "account_id", "My account number is ACC-99231, please check.", "is ", ","
    )
    assert found.values("account_id") == ["ACC-99231"]
    assert found.fields[0].source_span == "ACC-99231"


def test_a_persons_data_is_no_value_of_a_field_that_models_are_shown_again() -> None:
    found = read_masked(
        "product_name", "Please call Grace Hopper about it.", "call ", " about"
    )
    assert found.values("product_name") == []
    assert found.validation_errors


@given(
    st.lists(
        st.tuples(st.sampled_from([f.name for f in DESK.fields]), st.text(), st.text()),
        max_size=5,
    )
)
def test_any_answer_leaves_only_what_is_in_the_text(
    found: list[tuple[str, str, str]],
) -> None:
    given_back = extracted(*found)
    for field in given_back.fields:
        assert field.source_span is None or " ".join(
            field.source_span.casefold().split()
        ) in " ".join(TEXT.casefold().split())


def test_a_classification_is_unconfirmed_and_names_its_category_once() -> None:
    output = {
        "reasoning": "It is about money.",
        "category": "billing",
        "severity": "high",
        "secondary_categories": ["account", "billing", "account"],
    }
    found = build_classification(output, mask_of(TEXT), "classify@1", COST)
    assert found.secondary_categories == ("account",)
    assert (found.category_confidence, found.severity_confidence, found.calibrated) == (
        0.5,
        0.5,
        False,
    )
    assert (found.engine, found.prompt_version, found.usage) == (
        "llm",
        "classify@1",
        COST,
    )


def test_reasoning_speaks_of_the_ticket_not_of_pseudonyms() -> None:
    mask = mask_of(TEXT)
    hidden = mask.mask_text("ada@example.com")
    output = {
        "reasoning": f"{hidden} waits.",
        "category": "billing",
        "severity": "low",
        "secondary_categories": [],
    }
    assert (
        build_classification(output, mask, "classify@1", COST).reasoning
        == "ada@example.com waits."
    )
