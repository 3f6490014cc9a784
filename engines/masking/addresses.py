"""Postal addresses: streets, postcodes, the lines around them, and "my address is …"."""

import re
from collections.abc import Iterator

from engines.masking.cues import cued_pattern
from engines.masking.postcodes import PLACE_NAME, find_postcodes
from engines.masking.spans import PersonalSpan
from engines.masking.streets import CAPITALISED_WORD, STREET_PARTICLE, find_streets
from text.regexes import group_by_initial

ADDRESS_PIECE = (
    rf"(?:{PLACE_NAME}(?:[ ][A-Z]{{2,3}})?(?:,?[ ]\d[\w-]{{3,9}})?"
    rf"|\d[\w -]{{2,9}}(?:[ ]{PLACE_NAME})?)"
)
ADDRESS_TAIL = re.compile(
    rf"(?:[ ]?[,\n][ \n]?{ADDRESS_PIECE}(?=[ ]?[,.;!?)\n]|\s*$)){{0,4}}+"
)
TOKEN_PATTERN = re.compile(r"\S+")
STREET_TOKEN = re.compile(
    rf"[(#\"']?(?:{CAPITALISED_WORD}|\d[\w/-]*|{STREET_PARTICLE})[,.]?"
)
MAX_LEFT, MAX_TOKENS = 100, 9
ADDRESS_LABELS = (
    r"address(?:es)?|adresse|anschrift|dirección|indirizzo|endereço|adres|liv(?:e|es|ed"
    r"|ing) (?:at|in|on)"
    r"|resid(?:e|es|ed|ing) (?:at|in|on)|ship(?:ped|ping)? (?:it |them |this )?to"
    r"|deliver(?:ed|y)? (?:it |them |this )?to|mov(?:e|ed|ing) (?:to|from)|located (?:at|in|on)"
    r"|sen[dt] (?:it |them |this )?to|wohn(?:e|haft)(?: in)?|habite (?:au?|à)|vivo en|abito in"
)
LABELLED_ADDRESS = cued_pattern(
    "address addresses adresse anschrift dirección indirizzo endereço adres live lives lived "
    "living reside resides"
    " resided residing ship shipped shipping deliver delivered delivery move moved moving "
    "located send sent wohne"
    " wohnhaft habite vivo abito",
    r"(?<!\w)(?<!ip )(?<!mail )(?<!mac )(?<!web )(?<!url )(?=[^\W\d_])"
    rf"(?i:{group_by_initial(ADDRESS_LABELS)})(?!\w)"
    r"(?:[ \t]?(?:is|was|to|from|as|at|now|currently|changed|updated|has|been|ist|lautet|est|es"
    r"|è|é)(?!\w)"
    r"|[ :=\n-]{1,3}){0,7}+"
    rf"(?P<run>(?:(?:{CAPITALISED_WORD}|\d[\w/-]*+|#\d+|{STREET_PARTICLE}(?!\w))"
    r"(?:,?[ \n]|,|$|(?=[.;!?)]))){1,14}+)",
)


def find_addresses(text: str, words: frozenset[str]) -> Iterator[PersonalSpan]:
    """Addresses as whole as they can be told; a town alone is none.

    The text has these words (casefolded).
    """
    for start, end in find_streets(text, words):
        yield _trim_address(text, start, _extend_right(text, end))
    for start, end in find_postcodes(text, words):
        yield _trim_address(text, _extend_left(text, start), _extend_right(text, end))
    for match in LABELLED_ADDRESS.find_matches(text, words):
        if any(char.isdigit() for char in match["run"]):
            yield _trim_address(text, *match.span("run"))


def _trim_address(text: str, start: int, end: int) -> PersonalSpan:
    """Without the punctuation of the sentence behind it."""
    return PersonalSpan(start, start + len(text[start:end].rstrip(" \n.,")), "ADDRESS")


def _extend_right(text: str, end: int) -> int:
    """The end of the pieces that follow.

    Each is a place, a postcode or both, up to a comma or a line's end.
    """
    tail = ADDRESS_TAIL.match(text, end)
    return tail.end() if tail else end


def _extend_left(text: str, start: int) -> int:
    """The start of the street before a postcode; the postcode's own if no number is there."""
    begin = max(0, start - MAX_LEFT)
    tokens = list(TOKEN_PATTERN.finditer(text, begin, start))[-MAX_TOKENS:]
    found = start
    numbered = False
    for token in reversed(tokens):
        if not STREET_TOKEN.fullmatch(token[0]) or (
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
