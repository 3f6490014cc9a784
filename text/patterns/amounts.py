"""Sums of money as plain numbers, whatever the currency and the thousands separator."""

import re
from collections.abc import Iterator

from text.currencies import CODES, FIGURE, SIGNS, WORDS
from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue

SCALE = (
    r"(?:[ ]?(?P<scale{n}>k|mn|mio|million(?:en|s)?|millones|milioni|milhões|bn"
    r"|billions?)(?!\w))?"
)
AMOUNT = re.compile(
    rf"(?=\S)(?<![\w.$])(?:(?:{SIGNS})|(?=[A-Z]{{3}}(?: -?)?\d)(?:{CODES}))[ \xa0]?-?"
    rf"(?P<figure1>{FIGURE}){SCALE.format(n=1)}"
    rf"|(?=\d)(?<![\w.,'\u2019#/:-])(?P<figure2>{FIGURE}){SCALE.format(n=2)}[ \xa0]?(?:"
    rf"(?:{SIGNS})|(?:{CODES}"
    rf"|{WORDS})(?!\w))",
    re.IGNORECASE,
)
BARE = re.compile(
    r"(?=\d)(?<![\w.,'#/:$€£+-])(?:\d{1,3}(?:,\d{3})++\.\d\d|\d{1,3}(?:\.\d{3})++,\d\d"
    r"|\d{1,6}[.,]\d\d)"
    r"(?![\w%]|[.,:]\d| ?[%°]| [a-zA-Z]{1,2}\b)"
)
DECIMALS = re.compile(r"\d[.,]\d\d")
"""What every match of `BARE` holds: without it nothing needs to be blanked out."""
MONEY_TALK = re.compile(
    r"\b(?:paid|pay|payments?|charg(?:e[sd]?|ing)|debit(?:ed|s)?|refund(?:ed|s)?|invoiced?"
    r"|billed|bill|transfers?|cost|price|fee|total"
    r"|sum|amount|booked|bank|receipt|slip|bezahlt|abgebucht|rechnung|betrag|payé|facture"
    r"|montant|pagado|factura|importe|pagato)\b",
    re.IGNORECASE,
)
NEAR = 80
SCALES = {"k": 1e3, "m": 1e6, "b": 1e9}
GROUP, MAX_FIGURE = 3, 20
TRAILING = ".,'\u2019"
"""What may follow a figure as punctuation of the sentence."""


def find_amounts(page: MaskedText) -> Iterator[FoundValue]:
    """Amounts as floats without currency or sign: "1.299,00 EUR" is 1299.0."""
    for match in AMOUNT.finditer(page.without_urls):
        value = parse_amount(match["figure1"] or match["figure2"])
        scale = match["scale1"] or match["scale2"] or ""
        written = match[0].rstrip(TRAILING)
        if value is not None:
            scaled = round(value * SCALES.get(scale[:1].lower(), 1), 2)
            yield FoundValue(scaled, match.start(), match.start() + len(written), 0.95)
    yield from _find_bare_amounts(page)


def _find_bare_amounts(page: MaskedText) -> Iterator[FoundValue]:
    """Numbers with two decimals and no currency ("89.90 was taken from my card") near a
    word about money.
    """
    if not DECIMALS.search(page.text):
        return
    for match in BARE.finditer(page.without_machine_text):
        near = page.without_machine_text[
            max(0, match.start() - NEAR) : match.end() + NEAR
        ]
        value = parse_amount(match[0])
        if value is not None and MONEY_TALK.search(near):
            yield FoundValue(value, match.start(), match.end(), 0.6)


def parse_amount(figure: str) -> float | None:
    """Digits with separators as a number.

    None when no reading makes sense ("1.2.3,4,5", forty digits).

    The last separator is the decimal one unless exactly three digits follow it or it stands
    more than once.
    """
    figure = figure.rstrip(TRAILING)
    if len(figure) > MAX_FIGURE:
        return None
    separators = [char for char in figure if not char.isdigit()]
    if not separators:
        return float(figure)
    last = separators[-1]
    whole, _, rest = figure.rpartition(last)
    if (
        separators.count(last) > 1
        or last not in ".,"
        or (len(rest) == GROUP and whole not in {"0", ""})
    ):
        whole, rest = figure, ""
    groups = re.split(r"\D", whole)
    if len(groups) > 1 and any(len(group) != GROUP for group in groups[1:]):
        return None
    return float("".join(groups) + "." + (rest or "0"))
