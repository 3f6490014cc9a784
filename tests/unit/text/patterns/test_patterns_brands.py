import pytest

from contracts.extraction import ExtractedField, Extraction
from engines.local.fields.brands import find_brands
from engines.local.fields.planted_addresses import remove_planted_addresses
from policies.desk.model import FieldDefinition
from text.patterns.blanked_text import MaskedText


def found(text: str) -> set[str]:
    return {str(finding.value) for finding in find_brands(MaskedText(text))}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("It happens in Kestrel 12.0.4 on my computer.", "Kestrel"),
        ("Product: Bluefin Care, on the ward", "Bluefin Care"),
        ("Saltmarsh Time, web, version 2025.3", "Saltmarsh Time"),
        ("When I opened the Pebblepay app it closed.", "Pebblepay"),
        ("We use Corvin for our files.", "Corvin"),
        ("Where in the settings of Brooklet can I do that?", "Brooklet"),
        ("My Ambergrove T2 drops off the wifi.", "Ambergrove T2"),
        ("I enter it in ShiftBoard every day.", "ShiftBoard"),
    ],
)
def test_a_name_in_a_place_for_products(text: str, name: str) -> None:
    assert found(text) == {name}


@pytest.mark.parametrize(
    "text",
    [
        "I met Anna in Porto on Monday.",
        "I use Android 14 and Firefox 128.0 on Windows 11.",
        "The light in my Room 12 flickers.",
        "Dear Sir or Madam, kind regards from Lena",
        "The settings of May do not matter.",
        "",
    ],
)
def test_a_capital_alone_is_no_product(text: str) -> None:
    assert found(text) == set()


def test_a_name_is_what_stands_in_the_text() -> None:
    text = "A line before.\nUsing Kestrel 2.1 here."
    finding = next(iter(find_brands(MaskedText(text))))
    assert text[finding.start : finding.end] == finding.value == "Kestrel"


EMAIL = (FieldDefinition(name="account_email", kind="email", title="Address"),)


def addresses(value: str | list[str], customer: str | None) -> ExtractedField | None:
    field = ExtractedField(
        name="account_email",
        value=value,
        confidence=0.9,
        source_span="x",
        start=0,
        end=1,
    )
    other = ExtractedField(name="order_id", value="ORD-1", confidence=0.9)
    kept = remove_planted_addresses(
        Extraction(fields=(field, other)), EMAIL, customer
    ).fields
    assert other in kept
    return next((field for field in kept if field.name == "account_email"), None)


def test_a_strangers_address_in_a_flagged_message_is_dropped() -> None:
    assert addresses("drop@evil.example", "me@home.example") is None
    assert addresses("me@home.example", None) is None


def test_an_address_at_the_customers_own_domain_is_kept() -> None:
    both = addresses(["drop@evil.example", "you@Home.example"], "me@home.example")
    assert both is not None
    assert (both.value, both.source_span) == ("you@Home.example", None)
    own = addresses(["me@home.example", "you@home.example"], "me@home.example")
    assert own is not None
    assert own.value == ["me@home.example", "you@home.example"]
    two = addresses(
        ["a@x.example", "me@home.example", "you@home.example"], "me@home.example"
    )
    assert two is not None
    assert two.value == ["me@home.example", "you@home.example"]
