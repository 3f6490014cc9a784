"""Amounts, dates, web addresses, products and the desk's own words."""

import pytest

from contracts.errors import DeskError
from engines.local.fields import extract_fields
from policies.desk.model import FieldDefinition


def read(text: str, kind: str, **more: object) -> list[str | float]:
    definition = FieldDefinition.model_validate(
        {"name": "it", "kind": kind, "title": "It", **more}
    )
    return extract_fields(text, [definition], required=(), customer_email=None).values(
        "it"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$149.99.", [149.99]),
        (
            "paid $1,299.00 and 29,99 € and EUR 40 and 1.299,50 EUR",
            [1299.0, 29.99, 40.0, 1299.5],
        ),
        ("CHF 1'250.50 and R$ 1.299,00 and £5k", [1250.5, 1299.0, 5000.0]),
        ("I paid 1 299,00 € yesterday", [1299.0]),
        ("it cost 45 dollars, not 3.5 million dollars", [45.0, 3500000.0]),
        ("64.20 was taken from my card, I paid twice", [64.2]),
        ("scores of 64.20 points", []),
        ("$" + "9" * 400, []),
    ],
)
def test_amounts_are_numbers(text: str, expected: list[float]) -> None:
    assert read(text, "amount") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on 2024-03-08", ["2024-03-08"]),
        (
            "25/12/2024 or 12/26/2024 or 27.12.2024",
            ["2024-12-25", "2024-12-26", "2024-12-27"],
        ),
        ("03/04/2024", ["03/04/2024"]),
        ("March 3rd and March 8th, 2024", ["March 3rd", "2024-03-08"]),
        (
            "5. Mai 2024, 31 décembre 2023, 3 de marzo de 2024",
            ["2024-05-05", "2023-12-31", "2024-03-03"],
        ),
        ("2024/01/05 and 12/25/24", ["2024-01-05", "12/25/24"]),
    ],
)
def test_dates_are_iso_when_unambiguous(text: str, expected: list[str]) -> None:
    assert read(text, "date") == expected


@pytest.mark.parametrize(
    "text", ["on 2024-02-30", "on 31.11.2024", "February 30, 2024"]
)
def test_an_impossible_date_is_a_validation_error(text: str) -> None:
    definition = FieldDefinition(name="date", kind="date", title="Date")
    extraction = extract_fields(text, [definition], required=(), customer_email=None)
    assert extraction.fields == ()
    assert extraction.validation_errors == ("date: a date in the text does not exist.",)


def test_urls_lose_the_punctuation_of_the_sentence() -> None:
    assert read("see https://example.com/a(b)?x=1.", "url") == [
        "https://example.com/a(b)?x=1"
    ]
    assert read("(https://example.com/a)", "url") == ["https://example.com/a"]
    assert read("www.example.org, please", "url") == ["www.example.org"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("charged for my Pro subscription", ["Pro subscription"]),
        ("my premium plan renewed", ["premium plan"]),
        ("using Photon Pro version 3", ["Photon Pro"]),
        ("I use the Lumen Draw app daily", ["Lumen Draw"]),
        ("Cancel My Subscription", []),
        ("The app crashes. Your plan is bad", []),
    ],
)
def test_products_by_grammar(text: str, expected: list[str]) -> None:
    assert read(text, "product") == expected


def test_terms_keep_the_desks_spelling_and_are_whole_words() -> None:
    terms = ("urgent", "As Soon As Possible", "down")
    assert read("URGENT! as soon\nas possible, downtown", "keywords", terms=terms) == [
        "urgent",
        "As Soon As Possible",
    ]
    assert read("my acme cloud is slow", "product", terms=("Acme Cloud",)) == [
        "Acme Cloud"
    ]


def test_a_desks_own_pattern_gives_its_first_group() -> None:
    assert read("asset LT-0042 and LT-0043", "pattern", pattern=r"\bLT-(\d{4})\b") == [
        "0042",
        "0043",
    ]
    assert read("asset LT-0042", "pattern", pattern=r"\bLT-\d{4}\b") == ["LT-0042"]


@pytest.mark.parametrize("pattern", [None, "(unclosed"])
def test_a_pattern_that_is_none_is_the_desks_error(pattern: str | None) -> None:
    with pytest.raises(DeskError, match="field it"):
        read("x", "pattern", pattern=pattern)
