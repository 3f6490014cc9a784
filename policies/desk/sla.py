"""When a ticket is due, and how a reply words a duration."""

from datetime import UTC, datetime, timedelta

from policies.desk.model import SeverityLevel

HOURS_A_DAY = 24
MINUTES_AN_HOUR = 60


def due_at(received_at: datetime, level: SeverityLevel) -> datetime:
    """The moment (UTC) by which a ticket of this severity must be answered.

    Raises ValueError for a naive datetime.
    """
    if received_at.utcoffset() is None:
        raise ValueError("received_at has no time zone; pass an aware datetime")
    return received_at.astimezone(UTC) + timedelta(hours=level.sla_hours)


def duration_in_words(hours: float) -> str:
    """A duration in hours as a customer reads it: "30 minutes", "24 hours", "3 days".

    Days are used for two whole days and more.
    """
    minutes = max(1, round(hours * MINUTES_AN_HOUR))
    whole_hours, rest = divmod(minutes, MINUTES_AN_HOUR)
    days, odd_hours = divmod(whole_hours, HOURS_A_DAY)
    if days > 1 and not odd_hours and not rest:
        return _count_units(days, "day")
    parts = [_count_units(whole_hours, "hour")] * bool(whole_hours) + [
        _count_units(rest, "minute")
    ] * bool(rest)
    return " ".join(parts)


def _count_units(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
