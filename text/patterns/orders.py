"""Order ids: by their own form, by the label before or after them, or standing beside "my order".

Every way of finding one carries its own confidence; a misspelt label counts beside a long id only.
"""

import re
from collections.abc import Iterator

from rapidfuzz.distance import DamerauLevenshtein

from text.patterns.found_value import FoundValue
from text.patterns.labels import (
    CONFIRMATIONS,
    LOOSE,
    MARKER,
    NUMBER,
    ORDER_COMPOUNDS,
    ORDER_NOUNS,
    labelled_id_pattern,
)
from text.patterns.tokens import (
    DECIMAL,
    ID,
    MEASURE,
    YEAR,
    find_enumerated,
    has_digit,
    is_quantity,
)

OWN_FORM = re.compile(
    r"(?=[BCOPSo\d])(?<![\w/-])(?:"
    r"(?i:order|ordr|ord)(?:[-_/](?=[A-Za-z-]*\d[A-Za-z-]*\d)"
    r"|(?=\d{2}))[A-Za-z\d]++(?:[-_/][A-Za-z\d]++)*+"
    r"|(?:PO|SO|PED|CMD|BST)-\d{3,}+(?:-[A-Z\d]++)*+|(?:PO|SO)\d{5,}+|\d{3}-\d{7}-\d{7})(?!\w)"
)
COMPOUND = re.compile(ORDER_COMPOUNDS, re.IGNORECASE)
LABELLED = labelled_id_pattern(f"{ORDER_NOUNS}|{CONFIRMATIONS}", ORDER_COMPOUNDS)
CONFIRMATION = re.compile(CONFIRMATIONS, re.IGNORECASE)
LABEL_AFTER = re.compile(
    rf"(?<![\w/-])#?(?P<id>{ID})[\"')”]?,? (?:is|was|ist|est|es|è"
    rf"|é)(?: \w{{2,7}}+)? (?:{ORDER_COMPOUNDS}"
    rf"|{ORDER_NOUNS})"
    rf"(?: (?:{NUMBER}))?(?!\w)",
    re.IGNORECASE,
)
ASIDE = re.compile(
    r"(?=[amnotu])(?<!\w)(?:my|our|this|that|an|the(?: last)?|meine[rn]?|unsere|ma|notre|mi"
    r"|mon|mio|minha"
    rf"|meu)(?: \w++){{0,2}}? (?:{ORDER_NOUNS})"
    rf"(?!\w)(?P<between>[^.!?\n#(,;:{{}}]{{0,70}}+)(?:\.(?=\w))?"
    rf"(?:[(,] ?(?P<number>(?:{NUMBER})\.? ?#?|#)?|(?P<hash>#))(?P<id>{ID})(?P<close>[),.;!?]"
    r"|\s|$)",
    re.IGNORECASE,
)
EXAMPLE = (
    r"\b(?=[efinpsz])(?:e\.?g\.?|such as|namely|including|for (?:example|instance)"
    r"|z\. ?B\.|p\. ?ex\.)"
)
GIVES_EXAMPLE = re.compile(EXAMPLE, re.IGNORECASE)
EXAMPLES = re.compile(
    rf"(?=\w)(?<!\w)(?:{ORDER_NOUNS})(?!\w)(?P<between>[^!?\n#]{{0,70}}?)"
    rf"{EXAMPLE}[,:]? #?(?P<id>{ID})",
    re.IGNORECASE,
)
WORD_BEFORE = re.compile(
    r"(?<!\w)(?P<word>[A-Za-z]{4,10}+)[ :]{1,2}#?(?P<id>[A-Z0-9]{1,3}-?\d{5,}+(?:-\w++)*+)(?!\w)"
)
ORDER_AS_VERB = re.compile(
    r"(?:\b(?:i|we|you|they|who|please|cannot|can't|can|could|would|will|did|didn't)"
    r"|\b(?:want|wanted|like|wish|try|trying|tried|going|able|possible|impossible|way|how"
    r"|need) to) $",
    re.IGNORECASE,
)
OTHER_ORDER = re.compile(
    r"\b(?:sort|sorting|byte|execution|column|alphabetical|ascending|descending|out of) $",
    re.IGNORECASE,
)
OTHER_NUMBER = re.compile(
    r"\b(?:ticket|case|invoice|tracking|card|account|customer|phone|mobile|issue|bug"
    r"|pull request|version|sku"
    r"|item|model|rechnung|facture|factura|fattura|fatura)s?\b",
    re.IGNORECASE,
)
NO_ENGLISH_WORD = re.compile(
    r"Q(?!U)|[BCDFGHJ-NP-TV-XZ]{5}|(?:Z|X|J|V)[BCDFGHJKMNPQRSTVWXZ]"
)
REAL_WORDS = frozenset(
    {"oder", "older", "border", "orden", "odder", "cooking", "looking"}
)
LABEL_WORDS = ("order", "purchase", "booking")
MARKED_DIGITS, BARE_DIGITS, CODE_LENGTH = 2, 3, 6


def find_orders(text: str) -> Iterator[FoundValue]:
    """Order ids as written, without a leading "#".

    Not in the order of the text, and some more than once.
    """
    yield from (
        FoundValue(m[0], m.start(), m.end(), 0.97) for m in OWN_FORM.finditer(text)
    )
    for match in LABELLED.finditer(text):
        yield from _find_labelled_order(text, match)
    for match in LABEL_AFTER.finditer(text):
        if _is_id(text, *match.span("id"), marked=False):
            yield FoundValue(match["id"], *match.span("id"), 0.85)
    yield from _find_asides(text)
    for match in EXAMPLES.finditer(text) if GIVES_EXAMPLE.search(text) else ():
        if _is_id(text, *match.span("id"), marked=False) and not OTHER_NUMBER.search(
            match["between"]
        ):
            yield FoundValue(match["id"], *match.span("id"), 0.75)
            yield from (
                FoundValue(text[a:b], a, b, 0.75)
                for a, b in find_enumerated(text, match["id"], match.end("id"))
            )
    for match in WORD_BEFORE.finditer(text):
        if _is_misspelt_label(match["word"].lower()):
            yield FoundValue(match["id"], *match.span("id"), 0.7)


def _find_labelled_order(text: str, match: re.Match[str]) -> Iterator[FoundValue]:
    before = text[max(0, match.start() - 14) : match.start()]
    marked = (
        MARKER.search(match["gap"]) is not None
        or COMPOUND.fullmatch(match["label"]) is not None
    )
    start, end = match.span("id")
    if not marked:
        quantity = match["id"].isdigit() and len(match["id"]) < CODE_LENGTH
        unclear = (
            LOOSE.search(match["gap"]) if quantity else ORDER_AS_VERB.search(before)
        )
        if (
            unclear
            or OTHER_ORDER.search(before)
            or CONFIRMATION.fullmatch(match["label"])
        ):
            return
    if _is_id(text, start, end, marked=marked):
        yield FoundValue(match["id"], start, end, 0.95 if marked else 0.88)
        yield from (
            FoundValue(text[a:b], a, b, 0.85)
            for a, b in find_enumerated(text, match["id"], end)
        )


def _is_id(text: str, start: int, end: int, *, marked: bool) -> bool:
    token = text[start:end]
    if not has_digit(token):
        return (
            len(token) >= CODE_LENGTH
            and token.isupper()
            and NO_ENGLISH_WORD.search(token) is not None
        )
    if (
        is_quantity(text, end)
        or DECIMAL.fullmatch(token)
        or (not marked and (MEASURE.fullmatch(token) or YEAR.fullmatch(token)))
    ):
        return False
    if marked:
        return len(token) >= MARKED_DIGITS
    digits = sum(char.isdigit() for char in token)
    return digits >= BARE_DIGITS or (len(token) >= CODE_LENGTH and token.isupper())


def _find_asides(text: str) -> Iterator[FoundValue]:
    for match in ASIDE.finditer(text):
        token, (start, end) = match["id"], match.span("id")
        if (
            OTHER_NUMBER.search(match["between"])
            or not has_digit(token)
            or is_quantity(text, end)
        ):
            continue
        marked = match["hash"] or match["number"]
        closed = match["close"].strip() or end == len(text)
        if marked or (
            closed
            and len(token) >= CODE_LENGTH
            and not match[0].lower().startswith("the")
        ):
            yield FoundValue(token, start, end, 0.75)


def _is_misspelt_label(word: str) -> bool:
    if word in REAL_WORDS or word in LABEL_WORDS:
        return False
    return any(
        DamerauLevenshtein.distance(word, label, score_cutoff=1) <= 1
        for label in LABEL_WORDS
    )
