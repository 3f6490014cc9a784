"""Who is served first.

Never somebody less severe, or due later, and found out at next to no cost.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ticket import NewTicket
from contracts.values import SEVERITIES, Severity
from policies.deciding.queue_order import (
    MAX_CHARACTERS_READ,
    classified_queue_priority,
    intake_queue_priority,
    queue_priority,
)
from policies.loading.load import load_desk
from tests.linear_work import bounded_work
from tests.paths import DESKS

DESK = load_desk(DESKS / "customer_support")
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

severities = st.sampled_from(SEVERITIES)
known = st.none() | severities
spans = st.timedeltas(timedelta(days=-400), timedelta(days=400))


def before(body: str, **metadata: Any) -> int:
    """The place of a ticket that nothing is understood of."""
    return intake_queue_priority(
        NewTicket(subject="Help", body=body, metadata=metadata), DESK
    )


@given(severities, severities, st.booleans(), st.none() | spans)
def test_more_severe_is_never_later(
    one: Severity, other: Severity, hint: bool, left: timedelta | None
) -> None:
    less, more = sorted((one, other), key=SEVERITIES.index)
    assert queue_priority(less, hint=hint, left=left) <= queue_priority(
        more, hint=hint, left=left
    )


@given(known, spans, spans)
def test_due_sooner_is_never_later(
    severity: Severity | None, one: timedelta, other: timedelta
) -> None:
    soon, late = sorted((one, other))
    assert classified_queue_priority(
        severity, NOW + soon, NOW
    ) >= classified_queue_priority(severity, NOW + late, NOW)
    assert classified_queue_priority(
        severity, NOW + late, NOW
    ) >= classified_queue_priority(severity, None, NOW)


@given(known, st.none() | spans)
def test_a_hint_never_makes_it_later(
    severity: Severity | None, left: timedelta | None
) -> None:
    assert queue_priority(severity, hint=True, left=left) >= queue_priority(
        severity, left=left
    )


def test_a_hint_comes_after_what_is_known_to_be_critical() -> None:
    assert (
        queue_priority("high")
        < queue_priority("low", hint=True)
        < queue_priority("critical")
    )


def test_what_waits_too_long_passes_what_is_new_and_more_severe() -> None:
    overdue = classified_queue_priority("low", NOW - timedelta(hours=1), NOW)
    assert classified_queue_priority("medium", NOW + timedelta(hours=24), NOW) < overdue
    assert overdue < classified_queue_priority(
        "critical", NOW + timedelta(hours=1), NOW
    )


@pytest.mark.parametrize(
    ("advice", "severity"),
    [("low", "low"), ("normal", "medium"), ("HIGH", "high"), ("urgent", "critical"),
     ("critical", "critical"), ("soon", None), (1, None), (["high"], None), (None, None)],
)  # fmt: skip
def test_the_sources_advice_counts_where_it_is_one(
    advice: Any, severity: Severity | None
) -> None:
    assert before("Stuck.", priority=advice) == queue_priority(severity)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("Production is DOWN!", True),
        ("The download works.", False),
        ("x" * MAX_CHARACTERS_READ + " urgent", False),
        ("urgent", True),
    ],
)
def test_the_desks_critical_words_count_as_whole_words_near_the_start(
    body: str, hint: bool
) -> None:
    assert before(body) == queue_priority(None, hint=hint)


@given(st.text(max_size=3000), st.sampled_from(["low", "high", None]))
def test_any_text_has_a_place_and_advice_never_sets_it_back(
    body: str, advice: str | None
) -> None:
    assert (
        queue_priority("low")
        <= before(body, priority=advice)
        <= queue_priority("critical")
    )
    assert before(body, priority="critical") >= before(body, priority=advice)


@pytest.mark.parametrize(
    "word", ["the page stays blank and ", "download ", "urgen ", "ü"]
)
def test_a_long_text_costs_no_more_than_its_start(word: str) -> None:
    ticket = NewTicket(subject="Help", body=word * (50_000 // len(word)))
    with bounded_work(2.0):  # of which the starts of a thousand texts take a fiftieth
        for _ in range(1_000):
            intake_queue_priority(ticket, DESK)
