"""The order in which waiting tickets are worked on. It decides nothing else.

A priority, higher first: 100 for every step of severity, and up to 200 as the due time comes
near. So new high tickets do not starve a waiting low one, and a critical ticket passes all
that are not overdue.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from contracts.ticket import NewTicket
from contracts.values import SEVERITIES, Severity
from policies.desk.model import Desk

SEVERITY_STEP = 100
"""Priority of one step of severity."""

CRITICAL_WORD_PRIORITY = 250
"""Priority of a text with one of the desk's critical words.

Above high, below what is known to be critical.
"""

DUE_SOON_WINDOW = timedelta(hours=24)
"""A due time farther away than this adds nothing."""

OVERDUE_PRIORITY = 200
"""Priority added once the due time has passed; less before, in proportion."""

MAX_CHARACTERS_READ = 2_000
"""Characters of subject and body searched for critical words, before classification."""

SEVERITY_OF_SOURCE_PRIORITY: dict[str, Severity] = {
    "low": "low",
    "normal": "medium",
    "medium": "medium",
    "high": "high",
    "urgent": "critical",
    "critical": "critical",
}
"""What a source calls a priority (`metadata.priority`), as a severity."""


def queue_priority(
    severity: Severity | None, *, hint: bool = False, left: timedelta | None = None
) -> int:
    """The priority in the queue. An unknown severity counts as medium.

    `hint` says that the text has a critical word; `left` is the time until the ticket is due.
    """
    known = SEVERITIES.index(severity or "medium") * SEVERITY_STEP
    near = (
        0.0
        if left is None
        else min(1.0, max(0.0, (DUE_SOON_WINDOW - left) / DUE_SOON_WINDOW))
    )
    return max(known, CRITICAL_WORD_PRIORITY if hint else 0) + round(
        near * OVERDUE_PRIORITY
    )


def intake_queue_priority(ticket: NewTicket, desk: Desk) -> int:
    """The priority before classification: the source's own, or the desk's critical words."""
    advice = ticket.metadata.get("priority")
    severity = (
        SEVERITY_OF_SOURCE_PRIORITY.get(advice.casefold())
        if isinstance(advice, str)
        else None
    )
    words = desk.severity_level("critical").urgency_words
    text = (
        f"{ticket.subject[:MAX_CHARACTERS_READ]}\n{ticket.body[:MAX_CHARACTERS_READ]}"[
            :MAX_CHARACTERS_READ
        ].casefold()
    )
    return queue_priority(
        severity, hint=bool(words) and any_word_pattern(words).search(text) is not None
    )


def classified_queue_priority(
    severity: Severity | None, due_at: datetime | None, now: datetime
) -> int:
    """The priority after classification, from the severity and the due time."""
    return queue_priority(severity, left=due_at - now if due_at else None)


@lru_cache(maxsize=32)
def any_word_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern that finds any of the words, as a whole word, in a casefolded text."""
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(re.escape(word.casefold()) for word in words)})(?!\w)"
    )
