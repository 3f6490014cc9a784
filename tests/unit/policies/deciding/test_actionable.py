import pytest

from contracts.extraction import ExtractedField, Extraction
from contracts.ticket import CleanTicket
from policies.deciding.actionable import is_actionable


@pytest.mark.parametrize(
    "body", ["?", "", "Hi", "URGENT help please", "12345", "printer"]
)
def test_nothing_to_act_on(body: str) -> None:
    assert not is_actionable(CleanTicket(subject="", body=body))


@pytest.mark.parametrize(
    "body", ["printer jams", "Passwort vergessen", "打印机坏了请修理"]
)
def test_something_to_act_on(body: str) -> None:
    assert is_actionable(CleanTicket(subject="", body=body))


def test_a_field_says_enough() -> None:
    order = Extraction(
        fields=(ExtractedField(name="order_id", value="ORD-1", confidence=0.9),)
    )
    assert is_actionable(CleanTicket(subject="", body="?"), order)


def test_urgency_says_nothing() -> None:
    loud = Extraction(
        fields=(
            ExtractedField(name="priority_keywords", value="urgent", confidence=0.9),
        )
    )
    assert not is_actionable(CleanTicket(subject="urgent", body="?"), loud)
