"""Ids as written: runs of letters and digits joined by hyphens, slashes or underscores."""

import re

ID = r"[A-Za-z0-9]++(?:[-_/][A-Za-z0-9]++|\.(?=[A-Za-z]{0,10}\d)[A-Za-z0-9]++)*+"
DECIMAL = re.compile(r"\d+\.\d+")
NEXT = re.compile(
    r"[ \t]{0,3}(?:[,;/&+]|and\b|or\b|und\b|oder\b|et\b|ou\b|y\b|e\b"
    r"|o\b)(?:[ \t]{1,3}(?:and|or|und)\b)?"
    rf"[ \t]{{0,3}}\n?[ \t]{{0,3}}#?({ID})(?!\w)",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"[.,:]\d|[ \t]?[%°€$£]|[ \t]{1,2}(?:x|of|out|times?|items?|pieces?|pcs|units?|boxes|copies"
    r"|products?|articles?"
    r"|days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|seconds?|secs?|ms|am|pm|dollars?"
    r"|euros?|pounds?"
    r"|usd|eur|gbp"
    r"|users?|people|customers?|persons?|employees|machines|servers|nodes?|files?|records?"
    r"|rows?|lines?|errors?"
    r"|tests?|attempts?|retries|requests?|more|other|different|kg|km|cm|mm|mb|gb|kb|tage?n?"
    r"|stück|mal|jahre?n?"
    r"|wochen?|jours?|fois|días?|veces|giorni|volte|dias|vezes)\b",
    re.IGNORECASE,
)
MEASURE = re.compile(
    r"\d{1,5}(?:x|st|nd|rd|th|k|m|s|ms|h|d|g|kg|km|cm|mm|mb|gb|tb|kb|pcs|am|pm|px|er|e|eme|º)|v\d+",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?:19|20)\d\d")
RUN = re.compile(r"(\d)\d*|([A-Z])[A-Z]*|([a-z])[a-z]*")


def has_digit(token: str) -> bool:
    """Whether any character is an ASCII digit."""
    return any("0" <= char <= "9" for char in token)


def is_quantity(text: str, end: int) -> bool:
    """Whether the number that ends here counts or measures: "3 items", "40 %", "149.99"."""
    return COUNTED.match(text, end) is not None


def token_shape(token: str) -> str:
    """A token's outline: "ORD-221" and "ORD-30871" are both "A-9".

    Numbers also keep their length.
    """
    if token.isdigit():
        return f"9{len(token)}"
    return RUN.sub(lambda m: "9" if m[1] else "A" if m[2] else "a", token)


def find_enumerated(text: str, first: str, end: int) -> list[tuple[int, int]]:
    """Spans of the tokens listed after one, as long as they have its outline.

    "ORD-1, ORD-2 and ORD-3".
    """
    spans: list[tuple[int, int]] = []
    outline = token_shape(first)
    while (
        (found := NEXT.match(text, end))
        and token_shape(found[1]) == outline
        and not is_quantity(text, found.end(1))
    ):
        spans.append(found.span(1))
        end = found.end(1)
    return spans
