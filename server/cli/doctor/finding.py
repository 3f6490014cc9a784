"""One line of the report of `ticketgraph doctor`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

MAX_NAMED_IDS = 10
"""Ids that a finding lists; the others are counted."""

UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


@dataclass(frozen=True)
class Finding:
    """What was checked, its state, and what to do about it. `counts` are for programs."""

    what: str
    state: Literal["ok", "note", "BAD"]
    words: str
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


def list_ids(ids: Sequence[str], count: int | None = None) -> str:
    """The first ids, and how many more there are of `count`."""
    more = (len(ids) if count is None else count) - len(ids[:MAX_NAMED_IDS])
    return ", ".join(ids[:MAX_NAMED_IDS]) + (f" and {more} more" if more > 0 else "")


def format_duration(time: timedelta) -> str:
    """A time in its largest unit."""
    seconds = max(int(time.total_seconds()), 0)
    unit, size = next(
        ((unit, size) for unit, size in UNITS if seconds >= size), UNITS[-1]
    )
    return f"{seconds // size} {unit}"
