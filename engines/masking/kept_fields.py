"""Kinds of fields that the desk's policy keeps or hides, found by extraction's own finders."""

from collections.abc import Iterator
from functools import lru_cache

from engines.local.fields.extraction import DESK_FINDERS
from engines.masking.cues import split_words
from engines.masking.spans import PersonalDataLabel, PersonalSpan
from policies.desk.model import Desk
from text.patterns.blanked_text import MaskedText
from text.patterns.finders import FINDERS
from text.patterns.found_value import FoundValue

FIELD_LABELS: dict[str, PersonalDataLabel] = {
    "order_id": "ORDER",
    "error_code": "CODE",
    "account_id": "ACCOUNT",
    "product": "PRODUCT",
    "amount": "AMOUNT",
    "date": "DATE",
    "url": "URL",
    "pattern": "VALUE",
}
"""Kinds of fields that a policy may keep or hide."""

IDENTIFIER_TYPES = ("order_id", "error_code", "account_id", "pattern")
"""Kinds whose values could be taken for a phone or a card number."""
NUMBER_TYPES = ("order_id", "account_id", "amount", "date")
"""Kinds whose values always hold a digit."""


ACCOUNT_CUES = split_words(
    "account accounts acct acc customer customers cust cus client clients member members "
    "membership user users usr"
    " tenant tenants subscriber konto kunde kunden kundennummer kontonummer mitglieds "
    "mitgliedsnummer benutzernummer"
    " kundennr kontonr compte cuenta cliente conto conta utente"
)
"""Words, casefolded, one of which stands before any account number."""


def find_unkept_numbers(
    text: str, words: frozenset[str], desk: Desk
) -> Iterator[PersonalSpan]:
    """Values that hold digits, of the kinds that the policy does not keep.

    `words` are those of the text, casefolded.
    """
    kinds = (
        NUMBER_TYPES
        if not ACCOUNT_CUES.isdisjoint(words)
        else tuple(k for k in NUMBER_TYPES if k != "account_id")
    )
    return _find_unkept(text, desk, kinds)


def find_unkept_words(text: str, desk: Desk) -> Iterator[PersonalSpan]:
    """Values of the other kinds that the policy does not keep."""
    return _find_unkept(
        text, desk, tuple(kind for kind in FIELD_LABELS if kind not in NUMBER_TYPES)
    )


def _find_unkept(
    text: str, desk: Desk, kinds: tuple[str, ...]
) -> Iterator[PersonalSpan]:
    page = MaskedText(text)
    for kind in kinds:
        if kind not in desk.settings.masking.keep:
            yield from (
                PersonalSpan(found.start, found.end, FIELD_LABELS[kind])
                for found in _find_field_type(page, kind, desk)
            )


def find_kept_ranges(text: str, desk: Desk) -> list[tuple[int, int]]:
    """Where identifiers stand that the policy keeps, in the order of the text."""
    page = MaskedText(text)
    kinds = [kind for kind in IDENTIFIER_TYPES if kind in desk.settings.masking.keep]
    return sorted(
        (found.start, found.end)
        for kind in kinds
        for found in _find_field_type(page, kind, desk)
    )


def kept_terms(desk: Desk) -> frozenset[str]:
    """The words of the desk's own product names, casefolded: no names of persons."""
    return _term_words(
        tuple(
            term
            for field in desk.fields
            if field.kind == "product"
            for term in field.terms
        )
    )


@lru_cache(maxsize=256)
def _term_words(terms: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for term in terms for word in term.split())


def _find_field_type(page: MaskedText, kind: str, desk: Desk) -> Iterator[FoundValue]:
    if kind in FINDERS:
        found = FINDERS[kind](page)
    else:
        found = (
            f
            for field in desk.fields
            if field.kind == kind
            for f in DESK_FINDERS[kind](page, field)
        )
    return (finding for finding in found if isinstance(finding, FoundValue))
