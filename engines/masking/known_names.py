"""The words of names that a ticket makes known: in its record, and anywhere in its text."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contracts.ticket import Ticket
from engines.masking.cues import WordPositions, word_positions
from engines.masking.name_words import (
    GENERIC_MAILBOXES,
    GIVEN_NAMES,
    NAME_KEYS,
    NAME_PARTICLES,
    NOT_NAMES,
)
from engines.masking.names import find_introduced_names
from engines.masking.spans import PersonalSpan
from text.blanking import EMAIL_LIKE

LETTERS = re.compile(r"[^\W\d_][^\W\d_'’]*")
WHOLE_NAME = re.compile(r"[^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,4}")
MIN_LETTERS, MIN_MAILBOX = 2, 3
MAX_KNOWN_NAMES = 400
"""More names than any ticket has: what is over is no longer looked for in its other texts."""


def ticket_record_names(ticket: Ticket) -> frozenset[str]:
    """Words of the names in a ticket's record, casefolded.

    The customer's, the address's, those in the metadata.
    """
    return frozenset(_record_words(ticket))


class IntroducedNames(NamedTuple):
    """A text's words and the names that it introduces."""

    words: WordPositions
    names: tuple[PersonalSpan, ...]


def read_introduced_names(text: str, terms: frozenset[str]) -> IntroducedNames:
    """Reads a text for names, the desk's own `terms` being none."""
    words = word_positions(text)
    return IntroducedNames(words, tuple(find_introduced_names(text, words, terms)))


def casefolded_name_words(
    text: str, told: IntroducedNames, terms: frozenset[str]
) -> frozenset[str]:
    """Words of the names that a text introduces and of its mailboxes, casefolded.

    Without the desk's own `terms`.
    """
    found = (text[span.start : span.end] for span in told.names)
    addresses = EMAIL_LIKE.finditer(text) if "@" in text else ()
    words = [
        *_split_name_words(found),
        *(word for match in addresses for word in _mailbox_words(match[0])),
    ]
    return frozenset(dict.fromkeys(words[:MAX_KNOWN_NAMES])) - terms


def _record_words(ticket: Ticket) -> Iterator[str]:
    yield from _split_name_words([ticket.customer_name or ""])
    yield from _mailbox_words(ticket.customer_email or "")
    for key, value in ticket.metadata.items():
        if (
            key.casefold().replace("-", "_") in NAME_KEYS
            and isinstance(value, str)
            and WHOLE_NAME.fullmatch(value)
        ):
            yield from _split_name_words([value])


def _split_name_words(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        for match in LETTERS.finditer(name):
            word = match[0].casefold()
            if (
                len(word) >= MIN_LETTERS
                and word not in NOT_NAMES
                and word not in NAME_PARTICLES
            ):
                yield word


def _mailbox_words(address: str) -> Iterator[str]:
    """The words of `ada.lovelace@…`.

    A single one, as in `yard@…`, only if it is a common given name.
    """
    local = address.partition("@")[0]
    several = re.search(r"\w[._+-]\w", local) is not None
    words = (
        word
        for word in _split_name_words([local])
        if len(word) >= MIN_MAILBOX and word not in GENERIC_MAILBOXES
    )
    return (word for word in words if several or word in GIVEN_NAMES)
