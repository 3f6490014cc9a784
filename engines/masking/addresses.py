"""Where somebody lives.

Streets and postcodes, the lines around them, and what follows "my address is".
"""

import re
from collections.abc import Iterator

from engines.masking.cues import cued
from engines.masking.postcodes import PLACE, find_postcodes
from engines.masking.spans import Span
from engines.masking.streets import SMALL, WORD, find_streets
from text.patterns.labels import by_initial

PIECE = rf"(?:{PLACE}(?:[ ][A-Z]{{2,3}})?(?:,?[ ]\d[\w-]{{3,9}})?|\d[\w -]{{2,9}}(?:[ ]{PLACE})?)"
TAIL = re.compile(rf"(?:[ ]?[,\n][ \n]?{PIECE}(?=[ ]?[,.;!?)\n]|\s*$)){{0,4}}+")
TOKEN = re.compile(r"\S+")
STRONG = re.compile(rf"[(#\"']?(?:{WORD}|\d[\w/-]*|{SMALL})[,.]?")
MAX_LEFT, MAX_TOKENS = 100, 9
LABELS = (
    r"address(?:es)?|adresse|anschrift|dirección|indirizzo|endereço|adres|liv(?:e|es|ed"
    r"|ing) (?:at|in|on)"
    r"|resid(?:e|es|ed|ing) (?:at|in|on)|ship(?:ped|ping)? (?:it |them |this )?to"
    r"|deliver(?:ed|y)? (?:it |them |this )?to|mov(?:e|ed|ing) (?:to|from)|located (?:at|in|on)"
    r"|sen[dt] (?:it |them |this )?to|wohn(?:e|haft)(?: in)?|habite (?:au?|à)|vivo en|abito in"
)
LABELLED = cued(
    "address addresses adresse anschrift dirección indirizzo endereço adres live lives lived "
    "living reside resides"
    " resided residing ship shipped shipping deliver delivered delivery move moved moving "
    "located send sent wohne"
    " wohnhaft habite vivo abito",
    r"(?<!\w)(?<!ip )(?<!mail )(?<!mac )(?<!web )(?<!url )(?=[^\W\d_])"
    rf"(?i:{by_initial(LABELS)})(?!\w)"
    r"(?:[ \t]?(?:is|was|to|from|as|at|now|currently|changed|updated|has|been|ist|lautet|est|es"
    r"|è|é)(?!\w)"
    r"|[ :=\n-]{1,3}){0,7}+"
    rf"(?P<run>(?:(?:{WORD}|\d[\w/-]*+|#\d+|{SMALL}(?!\w))(?:,?[ \n]|,|$|(?=[.;!?)]))){{1,14}}+)",
)


def find_addresses(text: str, words: frozenset[str]) -> Iterator[Span]:
    """Addresses as whole as they can be told; a town alone is none.

    The text has these words (casefolded).
    """
    for start, end in find_streets(text, words):
        yield _address(text, start, _rightwards(text, end))
    for start, end in find_postcodes(text, words):
        yield _address(text, _leftwards(text, start), _rightwards(text, end))
    for match in LABELLED.matches(text, words):
        if any(char.isdigit() for char in match["run"]):
            yield _address(text, *match.span("run"))


def _address(text: str, start: int, end: int) -> Span:
    """Without the punctuation of the sentence behind it."""
    return Span(start, start + len(text[start:end].rstrip(" \n.,")), "ADDRESS")


def _rightwards(text: str, end: int) -> int:
    """The end of the pieces that follow, each a place, a postcode or both, up to a comma or
    a line's end.
    """
    tail = TAIL.match(text, end)
    return tail.end() if tail else end


def _leftwards(text: str, start: int) -> int:
    """The start of the words before a postcode that can be a street, if a house number is
    among them.
    """
    begin = max(0, start - MAX_LEFT)
    tokens = list(TOKEN.finditer(text, begin, start))[-MAX_TOKENS:]
    found = start
    numbered = False
    for token in reversed(tokens):
        if not STRONG.fullmatch(token[0]) or (
            token[0].endswith(".") and token.end() - token.start() > len("Blvd.")
        ):
            break
        numbered = numbered or any(char.isdigit() for char in token[0])
        found = (
            token.start()
            if token[0][:1].isupper() or token[0][:1] in "#0123456789"
            else found
        )
    return found if numbered else start
