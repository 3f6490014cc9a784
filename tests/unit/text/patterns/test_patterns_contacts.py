"""Phone numbers and e-mail addresses, and everything that only looks like one."""

import pytest

from engines.local.fields import extract_fields
from policies.desk.model import FieldDefinition

PHONE = FieldDefinition(name="phone_number", kind="phone", title="Phone")
EMAIL = FieldDefinition(name="account_email", kind="email", title="E-mail")


def read(text: str, definition: FieldDefinition) -> list[str | float]:
    return extract_fields(text, [definition], required=(), customer_email=None).values(
        definition.name
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call 555-987-6543 now", ["555-987-6543"]),
        (
            "call +49 30 901820 or +44 20 7946 0958",
            ["+49 30 901820", "+44 20 7946 0958"],
        ),
        ("Tel.: +33 (0)1 42 68 53 00", ["+33 (0)1 42 68 53 00"]),
        ("Mobil: 0171/1234567", ["0171/1234567"]),
        ("my number is (415) 555-0132 ext. 12", ["(415) 555-0132 ext. 12"]),
        ("+1 (800) 555-0199 is my phone", ["+1 (800) 555-0199"]),
        ("appelez-moi au 06 12 34 56 78", ["06 12 34 56 78"]),
        ("reach me at 5551234567", ["5551234567"]),
        ("61 51 81 office", ["61 51 81"]),
        ("Call 555-123-4567 or 555-123-4568", ["555-123-4567", "555-123-4568"]),
    ],
)
def test_phones_as_written(text: str, expected: list[str]) -> None:
    assert read(text, PHONE) == expected


@pytest.mark.parametrize(
    "text",
    [
        "server 192.168.10.20 and 2001:db8::ff00:42:8329",
        "timestamps 1700000000 and 1700000000123",
        "card 4111 1111 1111 1111 and 378282246310005",
        "my SSN is 123-45-6789",
        "IBAN DE89 3704 0044 0532 0130 00",
        "order 555-123-4567 is late",
        "account number 555-123-4567",
        "uuid 550e8400-e29b-41d4-a716-446655440000",
        "commit 1234567890123456789012345678901234567890",
        "version 10.0.19045.3930 build 19045",
        "call failed at 2024-03-08 10:22:33,123",
        "https://example.com/555-123-4567",
        "/var/log/555-123-4567/x.log",
        "sum 1234567 rows 2345678 cols",
        "5551234567",
        "Message-ID: <555-123-4567>\nX-Id: 555-123-4567",
        "HADOOP-5551234567",
    ],
)
def test_what_is_no_phone(text: str) -> None:
    assert read(text, PHONE) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to joe.o'neil@example.co.uk.", ["joe.o'neil@example.co.uk"]),
        ("mail me: <anna+x@sub.domain.io>, thanks", ["anna+x@sub.domain.io"]),
        ("email:joe@example.com", ["joe@example.com"]),
        ("maría@exämple.de", ["maría@exämple.de"]),
        ("git@github.com:org/repo.git", []),
        ("ssh admin@server.example.com hangs", []),
        ("scp root@host.example.com:/etc/x .", []),
        ("https://user:pw@host.example.com/x", []),
        ("npm i lodash@4.17.21", []),
        ("Message-ID: <abc@mail.example.com>", []),
    ],
)
def test_emails(text: str, expected: list[str]) -> None:
    assert read(text, EMAIL) == expected


@pytest.mark.parametrize(
    ("text", "definition"),
    [
        ("my email is joe@gmail", EMAIL),
        ("write to joe@example..com", EMAIL),
        ("call me at +99912345678901234", PHONE),
    ],
)
def test_a_failed_check_is_reported_without_the_value(
    text: str, definition: FieldDefinition
) -> None:
    extraction = extract_fields(text, [definition], required=(), customer_email=None)
    assert extraction.fields == ()
    assert len(extraction.validation_errors) == 1
    assert extraction.validation_errors[0].startswith(f"{definition.name}: ")
    assert "joe" not in extraction.validation_errors[0]
    assert "999" not in extraction.validation_errors[0]
