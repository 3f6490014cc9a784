"""The whole extraction: several findings, spans, what is missing, and its cost on hostile text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.local.fields import extract_fields
from policies.desk.model import FieldDefinition
from tests.linear_work import LONGEST, bounded_work

KINDS = (
    "order_id",
    "error_code",
    "email",
    "phone",
    "amount",
    "url",
    "date",
    "account_id",
    "product",
    "keywords",
)
ALL = [
    FieldDefinition.model_validate(
        {"name": kind, "kind": kind, "title": kind, "terms": ["down"]}
    )
    for kind in KINDS
]
TICKET = (
    "Charged twice\n\nMy orders ORD-221 and ORD-222, again ORD-221: $34.50 on March 3rd, 2024. "
    "Error E-77, "
    "call 555-987-6543 or mail nina@example.com"
)


def test_several_findings_are_one_field_in_the_order_of_the_text() -> None:
    extraction = extract_fields(TICKET, ALL, required=(), customer_email=None)
    found = {field.name: field.value for field in extraction.fields}
    assert found["order_id"] == ["ORD-221", "ORD-222"]
    assert found["amount"] == pytest.approx(34.5)
    assert found["date"] == "2024-03-03"
    assert found["error_code"] == "E-77"
    assert found["phone"] == "555-987-6543"
    assert found["email"] == "nina@example.com"
    assert extraction.engine == "local"


def test_what_is_required_and_not_found_is_missing() -> None:
    email = FieldDefinition(
        name="account_email",
        kind="email",
        title="E-mail",
        satisfied_by_customer_email=True,
    )
    order = FieldDefinition(name="order_id", kind="order_id", title="Order")
    required = ("account_email", "order_id", "unheard_of")
    anonymous = extract_fields(
        "hello", [email, order], required=required, customer_email=None
    )
    known = extract_fields(
        "order #123", [email, order], required=required, customer_email="a@example.com"
    )
    assert anonymous.missing_required == required
    assert known.missing_required == ("unheard_of",)


PIECES = st.sampled_from(
    [
        *(
            "order ",
            "#",
            "ORD-12",
            "error ",
            "code: ",
            "0xDEADBEEF",
            "+44 20 7946 0958",
            "$1,299.00",
            "a@b.co",
            " and ",
        ),
        *(
            "https://x.io/",
            "2024-02-31",
            "my ",
            "Pro plan",
            "(",
            ")",
            "555-987-6543",
            ".",
            "@",
            "1",
            "é",
            "\u017f",
        ),
        *("\u0663", "\x00", "\n"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_spans_point_into_the_text(text: str) -> None:
    for field in extract_fields(text, ALL, required=(), customer_email=None).fields:
        assert field.start is not None
        assert field.source_span == text[field.start : field.end]
        assert field.source_span
        values = field.value if isinstance(field.value, list) else [field.value]
        assert len(set(values)) == len(values)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    extract_fields(text, ALL, required=(), customer_email=None)


HOSTILE = [
    "1",
    "a@",
    "A a ",
    " ",
    "\n",
    "order ",
    "1.",
    "a-",
    "1/",
    "12/",
    "AB_",
    "ERR_",
    "a:",
    "/a",
    "0x",
    "(",
    "+1 ",
]
HOSTILE += [
    "1'",
    "$1",
    "1,",
    "12 ",
    "X-A: b\n ",
    "+44 7700 900123 ",
    "x@y.io ",
    "E1234 ",
    "failed with ",
    "order number is ",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_the_cost_grows_with_the_length_only(unit: str) -> None:
    with bounded_work():
        extract_fields(
            "using the " + (unit * LONGEST)[:LONGEST],
            ALL,
            required=(),
            customer_email=None,
        )
