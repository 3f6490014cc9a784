"""Whether a ticket holds anything that somebody could act on."""

import re

from contracts.extraction import Extraction
from contracts.ticket import CleanTicket

GREETINGS = """
hi hello hey dear good morning afternoon evening day team support all there help please thanks
thank you question urgent asap regards best me i we need a the it is test
hallo bitte hilfe danke bonjour aide hola ayuda gracias ciao aiuto grazie
"""
_WORD = re.compile(r"[^\W\d_]+")
EMPTY_WORDS = frozenset(GREETINGS.split())
"""Words that any ticket may have, and that do not say what it is about."""

LETTERS_WITHOUT_SPACES = 6
"""Letters in a row that count as several words, for scripts that write no spaces."""


def is_actionable(clean: CleanTicket, extraction: Extraction | None = None) -> bool:
    """Whether any field was found, or the text has content of its own.

    Content is two words outside `EMPTY_WORDS`, or one run of six letters in a script other than
    Latin.
    """
    if extraction and any(
        field.name != "priority_keywords" for field in extraction.fields
    ):
        return True
    found = False
    for match in _WORD.finditer(f"{clean.subject} {clean.body}".casefold()):
        word = match[0]
        if word in EMPTY_WORDS:
            continue
        if found or (len(word) >= LETTERS_WITHOUT_SPACES and not word.isascii()):
            return True
        found = True
    return False
