"""One ticket's mask.

Its personal data replaced by pseudonyms, and the pseudonyms by the data again.

Recall comes first. What is masked without need costs little, because it is restored in what
the model wrote; what is let through has left the house. The desk's policy (`masking` in
`desk.yaml`) says what stays.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts.ticket import CleanTicket, Ticket
from engines.masking.addresses import find_addresses
from engines.masking.chinese import find_chinese, parted
from engines.masking.contacts import find_emails, find_machines, find_phones
from engines.masking.cues import words_of
from engines.masking.identities import find_identities
from engines.masking.kept_fields import (
    find_unkept_numbers,
    find_unkept_words,
    kept_terms,
)
from engines.masking.known_names import Told, names_in, names_of, told_in
from engines.masking.names import find_known
from engines.masking.numbers import find_numbers
from engines.masking.pseudonyms import Pseudonyms, find_typed
from engines.masking.secrets import find_secrets
from engines.masking.spans import Span, merged
from engines.masking.zones import moved, zones
from policies.desk.model import Desk

DIGIT = re.compile(r"\d")
NEAR = 100
"""Characters on each side of a digit in which an address, a label or the rest of a number
may stand."""


@dataclass(frozen=True)
class Mask:
    """Personal data of one ticket. Its representation shows none of it.

    It is for one task at a time.
    """

    desk: Desk = field(repr=False)
    names: frozenset[str] = field(default=frozenset(), repr=False)
    """Words of names that are known to be the customer's, casefolded."""
    told: dict[str, Told] = field(default_factory=dict, repr=False, compare=False)
    """Texts whose names were read already."""
    _pseudonyms: Pseudonyms = field(
        default_factory=Pseudonyms, init=False, repr=False, compare=False
    )
    _masked: dict[str, str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def mask(self, text: str) -> str:
        """The text with a pseudonym, `[EMAIL_1]`, for each value.

        The same one in every text of the ticket.
        """
        if text not in self._masked:
            spans = [
                (s, self._pseudonyms.give(text[s.start : s.end], s.label))
                for s in self._find(text)
            ]
            self._masked[text] = _replaced(text, spans)
        return self._masked[text]

    def restore(self, text: str) -> str:
        """The values back in place of their pseudonyms, as they stood.

        `restore(mask(x)) == x` for every text.
        """
        return self._pseudonyms.restore(text)

    def unknown(self, text: str) -> tuple[str, ...]:
        """Pseudonyms in a model's text that stand for nothing in this ticket, each once."""
        return self._pseudonyms.unknown(text)

    def _find(self, text: str) -> list[Span]:
        told = self.told.get(text) or told_in(text, kept_terms(self.desk))
        return merged(_spans(text, told, self.desk, self.names))


def mask_for(ticket: Ticket, clean: CleanTicket, desk: Desk) -> Mask:
    """A ticket's mask.

    It knows the names in the ticket's record and those found anywhere in its text.
    """
    text, terms = clean.everything, kept_terms(desk)
    told = told_in(text, terms)
    return Mask(desk, names_of(ticket) | names_in(text, told, terms), {text: told})


def redact(text: str, desk: Desk) -> str:
    """Another customer's text with `[EMAIL]` for each value. Nothing brings the values back."""
    terms = kept_terms(desk)
    told = told_in(text, terms)
    spans = merged(_spans(text, told, desk, names_in(text, told, terms)))
    return _replaced(text, [(span, f"[{span.label}]") for span in spans])


def _spans(text: str, told: Told, desk: Desk, names: frozenset[str]) -> Iterator[Span]:
    yield from find_typed(text)
    yield from find_emails(text)
    yield from find_secrets(text, told.words)
    yield from told.names
    yield from find_known(text, names, kept_terms(desk))
    yield from find_chinese(text)
    apart = parted(text)
    yield from find_emails(apart) if apart != text else ()
    for start, zone in zones(apart, DIGIT, NEAR):
        yield from moved(_numbered(zone, desk), start)
    yield from find_unkept_words(text, desk)


def _numbered(zone: str, desk: Desk) -> Iterator[Span]:
    """All that has a digit in it."""
    words = words_of(zone)
    yield from find_phones(zone)
    yield from (
        find_machines(zone) if "ip_address" not in desk.settings.masking.keep else ()
    )
    yield from find_identities(zone, words)
    yield from find_addresses(zone, words)
    yield from find_numbers(zone, desk)
    yield from find_unkept_numbers(zone, words, desk)


def _replaced(text: str, replacements: list[tuple[Span, str]]) -> str:
    parts: list[str] = []
    at = 0
    for span, replacement in replacements:
        parts += [text[at : span.start], replacement]
        at = span.end
    return "".join([*parts, text[at:]])
