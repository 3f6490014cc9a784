"""Account and customer numbers: by their label, or by a prefix that says account."""

import re
from collections.abc import Iterator

from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue
from text.patterns.labels import (
    ACCOUNT_COMPOUNDS,
    ACCOUNT_NOUNS,
    MARKER,
    labelled_id_pattern,
)
from text.patterns.tokens import find_enumerated, has_digit, is_quantity

OWN_FORM = re.compile(
    r"(?<![\w-])(?:ACC|ACCT|CUST|CUS|USR)[-_](?=[\w-]{0,20}\d)\w++(?:[-_]\w++)*+"
)
LABELLED = labelled_id_pattern(ACCOUNT_NOUNS, ACCOUNT_COMPOUNDS)
COMPOUND = re.compile(ACCOUNT_COMPOUNDS, re.IGNORECASE)
MIN_LENGTH = 3


def find_accounts(page: MaskedText) -> Iterator[FoundValue]:
    """Ids as written. "account 42" alone is none: a "#" or a word for number must stand between."""
    text = page.without_personal_data
    yield from (
        FoundValue(m[0], m.start(), m.end(), 0.95) for m in OWN_FORM.finditer(text)
    )
    for match in LABELLED.finditer(text):
        token, (start, end) = match["id"], match.span("id")
        marked = MARKER.search(match["gap"]) or COMPOUND.fullmatch(match["label"])
        if (
            marked
            and has_digit(token)
            and len(token) >= MIN_LENGTH
            and not is_quantity(text, end)
        ):
            yield FoundValue(token, start, end, 0.9)
            yield from (
                FoundValue(text[a:b], a, b, 0.8)
                for a, b in find_enumerated(text, token, end)
            )
