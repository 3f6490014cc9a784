"""Who is served first where tickets wait. Only the order: nothing is decided by it.

A number, higher first: a hundred for every step of severity, up to two hundred for a time
that comes near. So a waiting low ticket does not wait for ever behind new high ones, and a
critical one passes all that are not overdue.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from contracts.ticket import NewTicket
from contracts.values import SEVERITIES, Severity
from policies.desk.model import Desk

SEVERITY_STEP = 100
"""For every step of severity."""

CRITICAL_WORD_PRIORITY = 250
"""For a text with one of the desk's words for the critical.

Before what is high, after what is known to be critical.
"""

DUE_SOON_WINDOW = timedelta(hours=24)
"""A time that is farther away adds nothing."""

OVERDUE_PRIORITY = 200
"""What a time that is over adds."""

MAX_CHARACTERS_READ = 2_000
"""Characters of subject and body that are looked at, before anything is understood."""

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
    """The place in the queue. An unknown severity counts as medium.

    `left` is the time until the answer is due.
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
    """Before anything is understood: by the source's own advice and the desk's critical words."""
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
    """After classification: by severity, and how near the time is at which the answer is due."""
    return queue_priority(severity, left=due_at - now if due_at else None)


@lru_cache(maxsize=32)
def any_word_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """Finds one of some words, as a whole word, in a casefolded text."""
    return re.compile(
        rf"(?<!\w)(?:{'|'.join(re.escape(word.casefold()) for word in words)})(?!\w)"
    )
