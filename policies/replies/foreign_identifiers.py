"""Numbers and names that neither the ticket, the customer's record nor a cited source has."""

import re
from collections.abc import Iterator

from policies.desk.model import Desk
from policies.replies.trusted import TrustedContent
from text.figures import (
    digits_of,
    find_phone_numbers,
    find_sums,
    find_written_dates,
)
from text.reply import comparison_key, distinct_words, quote_values

_TOKEN = re.compile(r"\w+(?:[-_/#]\w+)*")
_LABELLED = re.compile(
    r"\b(?=[abceimoprstu])(?:orders?|accounts?|customers?|invoices?|tickets?|cases?|bookings?"
    r"|contracts?"
    r"|members?(?:hip)?|polic(?:y|ies)|employees?"
    r"|badges?|users?|cards?|subscriptions?|transactions?|payments?|references?|ref"
    r"|ending (?:in|with))"
    r"(?: (?:number|no\.?|nr\.?|id|code))? ?[:#(]* ?(?P<id>[A-Z]{0,4}[-_]?\d[\w-]*)(?! ?(?:%"
    r"|percent|minutes?|hours?"
    r"|days?|weeks?|months?|years?|times))",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MIXED_LENGTH, _MIXED_DIGITS, _DIGITS = 5, 3, 4

_GREETING = re.compile(
    r"^ ?(?:dear|hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings|hallo|liebe[rs]?"
    r"|guten (?:tag|morgen"
    r"|abend)|sehr geehrte[rs]?"
    r"|bonjour|salut|ch[eè]re?|hola|estimad[oa]|querid[oa]|buenos d[ií]as|ciao|gentile|car[oa]"
    r"|ol[aá]|prezad[oa]"
    r"|beste|geachte|hoi|dzie[nń] dobry|szanown[ya])"
    r"\b(?P<names>[^\n,!.:;?]{0,60})",
    re.IGNORECASE | re.MULTILINE,
)
_TITLE = re.compile(
    r"\b(?=[DFHMPS])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Madame|Monsieur|Se[nñ]or|Se[nñ]ora|Sig"
    r"|Signora?)\b\.? (?P<names>[^\W\d_][\w'-]+)"
)
_PERSON = re.compile(
    r"\b(?:customer|client|user|colleague|employee|patient|tenant|member|manager|agent"
    r"|specialist|engineer"
    r"|technician|advisor|account (?:holder|owner)"
    r"|cardholder|on behalf of|belongs to|belonging to|registered (?:to|for|by)|in the name of"
    r"|owned by|placed by"
    r"|opened by|contact|ask for|speak (?:to|with))"
    r" (?P<names>[A-Z][\w'-]+(?: [A-Z][\w'-]+){1,2})"
)
_LIKE_A_NAME = re.compile(r"[^\W\d_]")
_NO_NAMES = distinct_words(
    "there all everyone everybody team customer customers sir madam colleague colleagues "
    "friend mr mrs ms"
    " miss mx dr prof professor herr herrn frau madame monsieur senor senora signora signor "
    "kunde kundin"
    " kunden kollege kollegin damen und herren client cliente klient klant kollegen valued "
    "support to you"
    " and again from of the a tous toutes todos a tutti your our for"
)


def find_untrusted_identifiers(
    text: str, trusted: TrustedContent, desk: Desk
) -> Iterator[str]:
    """Numbers that look like an order's, an account's or a case's, of whoever it may be."""
    strange = [
        match["id"]
        for match in _LABELLED.finditer(text)
        if _is_untrusted_token(match["id"], trusted)
    ]
    strange += _find_untrusted_numbers(text, trusted)
    for field in desk.fields:
        if field.pattern:
            strange += [
                match[0]
                for match in re.finditer(field.pattern, text)
                if _is_untrusted_token(match[0], trusted)
            ]
    if strange:
        yield (
            f"The reply names {quote_values(strange)}, which neither the ticket nor the customer's "
            "record nor a source has."
        )


def _find_untrusted_numbers(text: str, trusted: TrustedContent) -> list[str]:
    found = [
        match
        for match in _TOKEN.finditer(text)
        if _is_identifier(match[0]) and _is_untrusted_token(match[0], trusted)
    ]
    if not found:
        return []
    seen = mark_other_numbers(text)
    return [match[0] for match in found if not all(seen[match.start() : match.end()])]


def find_untrusted_names(text: str, trusted: TrustedContent) -> Iterator[str]:
    """Names of people that this ticket does not have."""
    strange: list[str] = []
    for pattern in (_GREETING, _TITLE, _PERSON):
        for match in pattern.finditer(text):
            names = [
                word
                for word in match["names"].split()
                if _LIKE_A_NAME.match(word) and word[0].isupper()
            ]
            if any(
                not distinct_words(name) <= (trusted.repeatable.words | _NO_NAMES)
                for name in names
            ):
                strange.append(match["names"].strip())
    if strange:
        yield (
            f"The reply names {quote_values(strange)}, a name that is in neither the ticket nor "
            "the customer's record."
        )


def mark_other_numbers(text: str) -> bytearray:
    """For each character 1 if it belongs to a date, a phone number or a sum, else 0.

    Other checks look at those.
    """
    seen = bytearray(len(text))
    numbers = [
        (start, start + len(number)) for number, start in find_phone_numbers(text)
    ]
    for start, end in (
        *find_written_dates(text),
        *numbers,
        *(found.span for found in find_sums(text)),
    ):
        seen[start:end] = b"\1" * (end - start)
    return seen


def _is_identifier(token: str) -> bool:
    if token.isalpha():
        return False
    digits = len(digits_of(token))
    if digits == len(token) or not any(char.isalpha() for char in token):
        return digits >= _DIGITS and not _YEAR.fullmatch(token)
    return digits >= _MIXED_DIGITS and len(token) >= _MIXED_LENGTH


def _is_untrusted_token(token: str, trusted: TrustedContent) -> bool:
    parts = comparison_key(token).split()
    known = trusted.repeatable.tokens
    return "".join(parts) not in known and any(
        _DIGIT.search(part) and part not in known for part in parts
    )
