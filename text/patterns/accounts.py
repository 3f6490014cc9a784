"""Account and customer numbers: by their label, or by a prefix that says account."""

import re
from collections.abc import Iterator

from text.patterns.finding import Finding
from text.patterns.labels import ACCOUNT_COMPOUNDS, ACCOUNT_NOUNS, MARKER, labelled
from text.patterns.page import Page
from text.patterns.tokens import counted, enumerated, has_digit

OWN_FORM = re.compile(
    r"(?<![\w-])(?:ACC|ACCT|CUST|CUS|USR)[-_](?=[\w-]{0,20}\d)\w++(?:[-_]\w++)*+"
)
LABELLED = labelled(ACCOUNT_NOUNS, ACCOUNT_COMPOUNDS)
COMPOUND = re.compile(ACCOUNT_COMPOUNDS, re.IGNORECASE)
MIN_LENGTH = 3


def find_accounts(page: Page) -> Iterator[Finding]:
    """Ids as written. "account 42" alone is none: a "#" or a word for number must stand between."""
    text = page.ids
    yield from (
        Finding(m[0], m.start(), m.end(), 0.95) for m in OWN_FORM.finditer(text)
    )
    for match in LABELLED.finditer(text):
        token, (start, end) = match["id"], match.span("id")
        marked = MARKER.search(match["gap"]) or COMPOUND.fullmatch(match["label"])
        if (
            marked
            and has_digit(token)
            and len(token) >= MIN_LENGTH
            and not counted(text, end)
        ):
            yield Finding(token, start, end, 0.9)
            yield from (
                Finding(text[a:b], a, b, 0.8) for a, b in enumerated(text, token, end)
            )
