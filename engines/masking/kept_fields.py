"""What the desk's policy keeps, and what it does not.

Kinds of fields, found by the patterns that read them.
"""

from collections.abc import Iterator
from functools import lru_cache

from engines.local.fields.extraction import DESK_FINDERS, FINDERS
from engines.masking.cues import listed
from engines.masking.spans import Label, Span
from policies.desk.model import Desk
from text.patterns.finding import Finding
from text.patterns.page import Page

LABELS: dict[str, Label] = {
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

IDENTIFIERS = ("order_id", "error_code", "account_id", "pattern")
"""Kinds whose values could be taken for a phone or a card number."""
NUMBERED = ("order_id", "account_id", "amount", "date")
"""Kinds whose values always hold a digit."""


ACCOUNT_CUES = listed(
    "account accounts acct acc customer customers cust cus client clients member members "
    "membership user users usr"
    " tenant tenants subscriber konto kunde kunden kundennummer kontonummer mitglieds "
    "mitgliedsnummer benutzernummer"
    " kundennr kontonr compte cuenta cliente conto conta utente"
)
"""Words, casefolded, one of which stands before any account number."""


def find_unkept_numbers(text: str, words: frozenset[str], desk: Desk) -> Iterator[Span]:
    """Values that hold digits, of the kinds that the policy does not keep, in a text with
    these words (casefolded).
    """
    kinds = (
        NUMBERED
        if not ACCOUNT_CUES.isdisjoint(words)
        else tuple(k for k in NUMBERED if k != "account_id")
    )
    return _unkept(text, desk, kinds)


def find_unkept_words(text: str, desk: Desk) -> Iterator[Span]:
    """Values of the other kinds that the policy does not keep."""
    return _unkept(text, desk, tuple(kind for kind in LABELS if kind not in NUMBERED))


def _unkept(text: str, desk: Desk, kinds: tuple[str, ...]) -> Iterator[Span]:
    page = Page(text)
    for kind in kinds:
        if kind not in desk.settings.masking.keep:
            yield from (
                Span(found.start, found.end, LABELS[kind])
                for found in _found(page, kind, desk)
            )


def find_kept(text: str, desk: Desk) -> list[tuple[int, int]]:
    """Where identifiers stand that the policy keeps, in the order of the text."""
    page = Page(text)
    kinds = [kind for kind in IDENTIFIERS if kind in desk.settings.masking.keep]
    return sorted(
        (found.start, found.end) for kind in kinds for found in _found(page, kind, desk)
    )


def kept_terms(desk: Desk) -> frozenset[str]:
    """The words of the desk's own product names, casefolded: no names of persons."""
    return _words(
        tuple(
            term
            for field in desk.fields
            if field.kind == "product"
            for term in field.terms
        )
    )


@lru_cache(maxsize=256)
def _words(terms: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.casefold() for term in terms for word in term.split())


def _found(page: Page, kind: str, desk: Desk) -> Iterator[Finding]:
    if kind in FINDERS:
        found = FINDERS[kind](page)
    else:
        found = (
            f
            for field in desk.fields
            if field.kind == kind
            for f in DESK_FINDERS[kind](page, field)
        )
    return (finding for finding in found if isinstance(finding, Finding))
