"""The words of names that a ticket makes known: in its record, and anywhere in its text."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contracts.ticket import Ticket
from engines.masking.cues import Places, places_of
from engines.masking.name_words import (
    GIVEN_NAMES,
    MAILBOXES,
    NAME_KEYS,
    NOT_NAMES,
    PARTICLES,
)
from engines.masking.names import introduced
from engines.masking.spans import Span
from text.blanking import EMAIL_LIKE

LETTERS = re.compile(r"[^\W\d_][^\W\d_'’]*")
WHOLE_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,4}")
MIN_LETTERS, MIN_MAILBOX = 2, 3
MAX_KNOWN = 400
"""More names than any ticket has: what is over is no longer looked for in its other texts."""


def names_of(ticket: Ticket) -> frozenset[str]:
    """Words of the names in a ticket's record, casefolded.

    The customer's, the address's, those in the metadata.
    """
    return frozenset(_record_words(ticket))


class Told(NamedTuple):
    """A text's words and the names that it introduces."""

    words: Places
    names: tuple[Span, ...]


def told_in(text: str, terms: frozenset[str]) -> Told:
    """Reads a text for names, the desk's own `terms` being none."""
    words = places_of(text)
    return Told(words, tuple(introduced(text, words, terms)))


def names_in(text: str, told: Told, terms: frozenset[str]) -> frozenset[str]:
    """Words of the names that a text was found to tell, casefolded, without the desk's own
    `terms`.
    """
    found = (text[span.start : span.end] for span in told.names)
    addresses = EMAIL_LIKE.finditer(text) if "@" in text else ()
    words = [
        *_words(found),
        *(word for match in addresses for word in _mailbox(match[0])),
    ]
    return frozenset(dict.fromkeys(words[:MAX_KNOWN])) - terms


def _record_words(ticket: Ticket) -> Iterator[str]:
    yield from _words([ticket.customer_name or ""])
    yield from _mailbox(ticket.customer_email or "")
    for key, value in ticket.metadata.items():
        if (
            key.casefold().replace("-", "_") in NAME_KEYS
            and isinstance(value, str)
            and WHOLE_NAME.fullmatch(value)
        ):
            yield from _words([value])


def _words(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for match in LETTERS.finditer(name):
            word = match[0].casefold()
            if (
                len(word) >= MIN_LETTERS
                and word not in NOT_NAMES
                and word not in PARTICLES
            ):
                yield word


def _mailbox(address: str) -> Iterator[str]:
    """The words of `ada.lovelace@…`.

    A single one, as in `yard@…`, only if it is a common given name.
    """
    local = address.partition("@")[0]
    several = re.search(r"\w[._+-]\w", local) is not None
    words = (
        word
        for word in _words([local])
        if len(word) >= MIN_MAILBOX and word not in MAILBOXES
    )
    return (word for word in words if several or word in GIVEN_NAMES)
