"""Is there anything in this ticket that somebody could act on?"""

import re

from contracts.extraction import Extraction
from contracts.ticket import CleanTicket

GREETINGS = """
hi hello hey dear good morning afternoon evening day team support all there help please thanks thank you question
urgent asap regards best me i we need a the it is test
hallo bitte hilfe danke bonjour aide hola ayuda gracias ciao aiuto grazie
"""
_WORD = re.compile(r"[^\W\d_]+")
EMPTY_WORDS = frozenset(GREETINGS.split())
"""Words that every ticket may have and that alone say nothing of what it is about."""

LETTERS_WITHOUT_SPACES = 6
"""Scripts that write without spaces put several words into one run of letters."""


def is_actionable(clean: CleanTicket, extraction: Extraction | None = None) -> bool:
    """Whether two words of substance, one long run of letters, or any field says what this
    is about.
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
