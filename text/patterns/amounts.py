"""Sums of money as plain numbers, whatever the currency and the thousands separator."""

import re
from collections.abc import Iterator

from text.currencies import CODES, FIGURE_TAIL, SIGNS, WORDS
from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue

SCALE = (
    r"(?:[ ]?(?P<scale>k|mn|mio|million(?:en|s)?|millones|milioni|milhões|bn"
    r"|billions?)(?!\w))?"
)
FIGURE_BEFORE = re.compile(
    rf"(?P<figure>\d(?<![\w.,'\u2019#/:-]\d){FIGURE_TAIL}){SCALE}"
    rf"[ \xa0]?(?:(?:{SIGNS})|(?:{CODES}|{WORDS})(?!\w))",
    re.IGNORECASE,
)
"""A figure and its currency: "5 EUR", "1.5 million dollars", "200 kr"."""
FIGURE_AFTER = re.compile(
    rf"(?P<figure>\d(?<![\d.,'\u2019#/:]\d){FIGURE_TAIL}){SCALE}", re.IGNORECASE
)
"""A figure that a currency may stand before. Both patterns begin with the digit, because the
engine skips fast to that, and ask afterwards what stands before it."""
CURRENCY_BEFORE = re.compile(
    rf"(?<![\w.$])(?:(?:{SIGNS})[ \xa0]?-?|(?:{CODES})(?: -?)?)\Z", re.IGNORECASE
)
LONGEST_CURRENCY = len("US$ -")
BARE = re.compile(
    r"(?=\d)(?<![\w.,'#/:$€£+-])(?:\d{1,3}(?:,\d{3})++\.\d\d|\d{1,3}(?:\.\d{3})++,\d\d"
    r"|\d{1,6}[.,]\d\d)"
    r"(?![\w%]|[.,:]\d| ?[%°]| [a-zA-Z]{1,2}\b)"
)
DECIMALS = re.compile(r"\d[.,]\d\d")
"""What every match of `BARE` holds. Without it, and without a word about money nearby, nothing
needs to be blanked out, which takes longer than the search."""
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
    for start, match in _find_currency_figures(page.without_urls):
        value = parse_amount(match["figure"])
        scale = match["scale"] or ""
        if value is not None:
            end = start + len(page.without_urls[start : match.end()].rstrip(TRAILING))
            scaled = round(value * SCALES.get(scale[:1].lower(), 1), 2)
            yield FoundValue(scaled, start, end, 0.95)
    yield from _find_bare_amounts(page)


def _find_currency_figures(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Where each sum with a currency starts, and its figure.

    Of two figures beside one sign ("12 $50") the first has it.
    """
    found = [(match.start(), match) for match in FIGURE_BEFORE.finditer(text)]
    for match in FIGURE_AFTER.finditer(text):
        begin = max(0, match.start() - LONGEST_CURRENCY)
        if currency := CURRENCY_BEFORE.search(text, begin, match.start()):
            found.append((currency.start(), match))
    end = 0
    for start, match in sorted(found, key=lambda pair: pair[0]):
        if start >= end:
            yield start, match
            end = match.end()


def _find_bare_amounts(page: MaskedText) -> Iterator[FoundValue]:
    """Numbers with two decimals near a word about money: "89.90 was charged"."""
    if not _has_money_talk(page.text):
        return
    for match in BARE.finditer(page.without_machine_text):
        near = page.without_machine_text[
            max(0, match.start() - NEAR) : match.end() + NEAR
        ]
        value = parse_amount(match[0])
        if value is not None and MONEY_TALK.search(near):
            yield FoundValue(value, match.start(), match.end(), 0.6)


def _has_money_talk(text: str) -> bool:
    """Whether a figure with two decimals stands near a word about money, blanked out or not."""
    return any(
        MONEY_TALK.search(text, max(0, match.start() - NEAR - 8), match.end() + NEAR)
        for match in DECIMALS.finditer(text)
    )


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
