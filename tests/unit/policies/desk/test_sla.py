"""Due times and how they are said."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.desk.model import SeverityLevel
from policies.desk.sla import due_at, duration_in_words


def level(hours: float) -> SeverityLevel:
    """A level with this many hours."""
    return SeverityLevel(
        id="low", title="", description="", sla_hours=hours, priority="low"
    )


def test_the_due_time_is_utc_whatever_the_zone_it_came_in() -> None:
    received = datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    due = due_at(received, level(24))
    assert (due, due.tzinfo) == (datetime(2026, 3, 29, 23, 30, tzinfo=UTC), UTC)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due_at(datetime(2026, 3, 29), level(1))


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.001, "1 minute"),
        (0.5, "30 minutes"),
        (1, "1 hour"),
        (1.5, "1 hour 30 minutes"),
        (4, "4 hours"),
        (24, "24 hours"),
        (36, "36 hours"),
        (48, "2 days"),
        (48.5, "48 hours 30 minutes"),
        (72, "3 days"),
    ],
)
def test_in_words(hours: float, words: str) -> None:
    assert duration_in_words(hours) == words


@given(st.floats(min_value=0.0001, max_value=10_000))
def test_words_are_never_empty_and_never_zero(hours: float) -> None:
    words = duration_in_words(hours).split()
    assert len(words) in (2, 4)
    assert "0" not in words
