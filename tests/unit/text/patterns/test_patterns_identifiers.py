"""Order ids, error codes and account numbers: by label and form, in formats nobody listed."""

import pytest

from engines.local.fields import extract_fields
from policies.desk.model import FieldDefinition

ORDER = FieldDefinition(name="order_id", kind="order_id", title="Order")
ERROR = FieldDefinition(name="error_code", kind="error_code", title="Error")
ACCOUNT = FieldDefinition(name="account_id", kind="account_id", title="Account")


def read(text: str, definition: FieldDefinition) -> list[str | float]:
    return extract_fields(text, [definition], required=(), customer_email=None).values(
        definition.name
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My order #ORD-789012 is late", ["ORD-789012"]),
        ("order #123 please", ["123"]),
        ("Regarding PO-44821-B, nothing has shipped", ["PO-44821-B"]),
        ("Order no. 4471-22 arrived broken", ["4471-22"]),
        ("my order ZQ.2031.00077 is wrong", ["ZQ.2031.00077"]),
        ("Bestellnummer 998877 ist nicht angekommen", ["998877"]),
        ("Meine Bestellung Nr. 2024-AB-0091 fehlt", ["2024-AB-0091"]),
        ("parcel 114-3941689-8772232 not delivered", ["114-3941689-8772232"]),
        ("Ma commande n° 88231 n'est pas arrivée", ["88231"]),
        ("número de pedido: 9981223", ["9981223"]),
        ("Il mio ordine n. 123/2024/IT", ["123/2024/IT"]),
        ("O meu pedido nº 77120 não chegou", ["77120"]),
        ("Booking reference QX7T2P was cancelled", ["QX7T2P"]),
        ("my order (WEB-2231-X) is missing", ["WEB-2231-X"]),
        ("S-10442 is my order number", ["S-10442"]),
        ("Purchase order 4500012345 (SAP) is stuck", ["4500012345"]),
        ("orders 1001, 1002 and 1003 are late", ["1001", "1002", "1003"]),
        ("40 orders are wrong, e.g. KX-1204 and KX-1209", ["KX-1204", "KX-1209"]),
        ("ordr 2291833 where", ["2291833"]),
    ],
)
def test_order_ids_by_label_and_form(text: str, expected: list[str]) -> None:
    assert read(text, ORDER) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Where is it? #194011",
        "112233",
        "ticket #194011 about my order",
        "Invoice INV-2024-001 is wrong",
        "In order to reproduce: open 12345 tabs",
        "I want to order 500 units",
        "I would like to order RTX4090",
        "my order of 3 items from 2024 is late",
        "order total 149.99, order date 2024-01-02",
        "order paid with 4111 1111 1111 1111",
        "tracking number 1Z999AA10123456784 for my order",
        "order number please?",
        "oder 12345678 ist da",
        "payment confirmation 3 days ago",
    ],
)
def test_what_is_no_order(text: str) -> None:
    assert read(text, ORDER) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It shows 0xDEADBEEF", ["0xDEADBEEF"]),
        ("ERR-EXP-001 on export", ["ERR-EXP-001"]),
        ("ORA-01555: snapshot too old", ["ORA-01555"]),
        ("E1234 when saving, it fails", ["E1234"]),
        ("HTTP 503 all day", ["HTTP 503"]),
        ("app shows error 503", ["503"]),
        ("connect failed with ECONNREFUSED", ["ECONNREFUSED"]),
        ("pg says SQLSTATE 42P01", ["SQLSTATE 42P01"]),
        ("error code: 17-B appears", ["17-B"]),
        ("the boiler is blinking E9", ["E9"]),
        ("Fehlercode F-103 an der Spülmaschine", ["F-103"]),
        ("code d'erreur 1009 depuis hier", ["1009"]),
        ("Me sale el código de error M7111-1331", ["M7111-1331"]),
        ("Nur die Meldung QS-SYNC-0142", ["QS-SYNC-0142"]),
        ('it says "cannot reach server" QT-7001', ["QT-7001"]),
        ("log: [SHP-E1007] divisor 0", ["SHP-E1007"]),
        ("it shows QK 204-11 now", ["QK 204-11"]),
        ("the error code is -36", ["-36"]),
        ("process exited with code 137", ["137"]),
        ("stop code: CRITICAL_PROCESS_DIED", ["CRITICAL_PROCESS_DIED"]),
        ("got 500 errors on checkout", ["500"]),
        ("errors E101, E102 and E103", ["E101", "E102", "E103"]),
        ("exception code c0000005", ["c0000005"]),
    ],
)
def test_error_codes_by_label_and_form(text: str, expected: list[str]) -> None:
    assert read(text, ERROR) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I see the error code but cannot log in",
        "Error Code is not shown. CODE missing",
        "we handle ECONNREFUSED gracefully",
        "exit code 0, all fine",
        "status code 200 and all good",
        "we saw 3 errors and 12 failures",
        "the UTF-8 error again",
        "my promo code SAVE20 does not work",
        "code: 12345",
        "error at line 42",
        "error on version 3.2.1",
        "error since 2024-01-02 10:30",
        'we sell the "WH-1000XM4" here',
        "thread parked at 0x7ffe1234",
    ],
)
def test_what_is_no_error_code(text: str) -> None:
    assert read(text, ERROR) == []


def test_an_order_beside_an_error_is_no_code() -> None:
    assert read("payment error for order 5512-X", ERROR) == []
    assert read("payment error for order 5512-X", ORDER) == ["5512-X"]


def test_account_numbers_need_a_word_for_number() -> None:
    assert read("account number 4471-88 and Kundennummer: 4711-08", ACCOUNT) == [
        "4471-88",
        "4711-08",
    ]
    assert read("my account 5512 times out", ACCOUNT) == []
    assert read("account #ACC-5512 locked", ACCOUNT) == ["ACC-5512"]
