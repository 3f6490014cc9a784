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
from engines.masking.chinese import find_chinese, isolate_latin_text
from engines.masking.cues import casefolded_words
from engines.masking.identities import find_identities
from engines.masking.kept_fields import (
    find_unkept_numbers,
    find_unkept_words,
    kept_terms,
)
from engines.masking.known_names import (
    IntroducedNames,
    casefolded_name_words,
    read_introduced_names,
    ticket_record_names,
)
from engines.masking.names import find_known_names
from engines.masking.numbers import find_numbers
from engines.masking.pseudonyms import PseudonymTable, find_typed_pseudonyms
from engines.masking.secrets import find_secrets
from engines.masking.spans import PersonalSpan, label_spans, merge_spans
from engines.masking.zones import shift_spans, split_into_zones
from policies.desk.model import Desk
from text.contacts import find_mailboxes, find_network_addresses, find_sure_phones

DIGIT = re.compile(r"\d")
ZONE_MARGIN = 100
"""Characters on each side of a digit in which an address, a label or the rest of a number
may stand."""


@dataclass(frozen=True)
class Mask:
    """Personal data of one ticket. Its representation shows none of it.

    It is for one task at a time.
    """

    desk: Desk = field(repr=False)
    known_names: frozenset[str] = field(default=frozenset(), repr=False)
    """Words of names that are known to be the customer's, casefolded."""
    introduced_names: dict[str, IntroducedNames] = field(
        default_factory=dict, repr=False, compare=False
    )
    """Texts whose names were read already."""
    _pseudonyms: PseudonymTable = field(
        default_factory=PseudonymTable, init=False, repr=False, compare=False
    )
    _masked: dict[str, str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def mask_text(self, text: str) -> str:
        """The text with a pseudonym, `[EMAIL_1]`, for each value.

        The same one in every text of the ticket.
        """
        if text not in self._masked:
            spans = [
                (s, self._pseudonyms.assign_pseudonym(text[s.start : s.end], s.label))
                for s in self._find_spans(text)
            ]
            self._masked[text] = _replace_spans(text, spans)
        return self._masked[text]

    def restore_values(self, text: str) -> str:
        """The values back in place of their pseudonyms, as they stood.

        `restore(mask(x)) == x` for every text.
        """
        return self._pseudonyms.restore_values(text)

    def unknown_pseudonyms(self, text: str) -> tuple[str, ...]:
        """Pseudonyms in a model's text that stand for nothing in this ticket, each once."""
        return self._pseudonyms.find_unknown(text)

    def _find_spans(self, text: str) -> list[PersonalSpan]:
        told = self.introduced_names.get(text) or read_introduced_names(
            text, kept_terms(self.desk)
        )
        return merge_spans(_find_all_spans(text, told, self.desk, self.known_names))


def create_mask(ticket: Ticket, clean: CleanTicket, desk: Desk) -> Mask:
    """A ticket's mask.

    It knows the names in the ticket's record and those found anywhere in its text.
    """
    text, terms = clean.everything, kept_terms(desk)
    told = read_introduced_names(text, terms)
    return Mask(
        desk,
        ticket_record_names(ticket) | casefolded_name_words(text, told, terms),
        {text: told},
    )


def redact_text(text: str, desk: Desk) -> str:
    """Another customer's text with `[EMAIL]` for each value. Nothing brings the values back."""
    terms = kept_terms(desk)
    told = read_introduced_names(text, terms)
    spans = merge_spans(
        _find_all_spans(text, told, desk, casefolded_name_words(text, told, terms))
    )
    return _replace_spans(text, [(span, f"[{span.label}]") for span in spans])


def _find_all_spans(
    text: str, told: IntroducedNames, desk: Desk, names: frozenset[str]
) -> Iterator[PersonalSpan]:
    yield from find_typed_pseudonyms(text)
    yield from label_spans(find_mailboxes(text), "EMAIL")
    yield from find_secrets(text, told.words)
    yield from told.names
    yield from find_known_names(text, names, kept_terms(desk))
    yield from find_chinese(text)
    apart = isolate_latin_text(text)
    if apart != text:
        yield from label_spans(find_mailboxes(apart), "EMAIL")
    for start, zone in split_into_zones(apart, DIGIT, ZONE_MARGIN):
        yield from shift_spans(_find_digit_spans(zone, desk), start)
    yield from find_unkept_words(text, desk)


def _find_digit_spans(zone: str, desk: Desk) -> Iterator[PersonalSpan]:
    """All that has a digit in it."""
    words = casefolded_words(zone)
    yield from label_spans(find_sure_phones(zone), "PHONE")
    if "ip_address" not in desk.settings.masking.keep:
        yield from label_spans(find_network_addresses(zone), "IP")
    yield from find_identities(zone, words)
    yield from find_addresses(zone, words)
    yield from find_numbers(zone, desk)
    yield from find_unkept_numbers(zone, words, desk)


def _replace_spans(text: str, replacements: list[tuple[PersonalSpan, str]]) -> str:
    parts: list[str] = []
    at = 0
    for span, replacement in replacements:
        parts += [text[at : span.start], replacement]
        at = span.end
    return "".join([*parts, text[at:]])
