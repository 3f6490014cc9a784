"""Dates: ISO when they can be read one way only, as written otherwise."""

import re
from collections.abc import Iterator
from datetime import date

from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue, RejectedValue

MONTHS = (
    "jan|januar|january|janvier|enero|gennaio|janeiro",
    "feb|februar|february|février|febrero|febbraio|fevereiro",
    "mar|march|märz|mars|marzo|março",
    "apr|april|avril|abril|aprile",
    "may|mai|mayo|maggio|maio",
    "jun|june|juni|juin|junio|giugno|junho",
    "jul|july|juli|juillet|julio|luglio|julho",
    "aug|august|août|agosto",
    "sep|sept|september|septembre|septiembre|settembre|setembro",
    "oct|okt|october|oktober|octobre|octubre|ottobre|outubro",
    "nov|november|novembre|noviembre|novembro",
    "dec|dez|december|dezember|décembre|diciembre|dicembre|dezembro",
)
"""Names of the twelve months and their abbreviations; several languages share one line."""

MONTH_NUMBER = {
    name: number
    for number, names in enumerate(MONTHS, start=1)
    for name in names.split("|")
}
MONTH_NAMES = "|".join(sorted(MONTH_NUMBER, key=len, reverse=True))
INITIALS = "".join(sorted({name[0] for name in MONTH_NUMBER}))
WRITTEN = re.compile(
    rf"(?=[\d{INITIALS}])(?<![\w./:-])(?:"
    r"(?P<iso>\d{4}([-/.])\d{1,2}\2\d{1,2})(?![\w./-]*[-/.\d]\d)"
    r"|(?P<numeric>\d{1,2}([-/.])\d{1,2}\4(?:\d{4}|\d{2}))(?![-/.]?\d)"
    r"|(?P<named>(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º)? (?:of "
    rf"|de )?(?P<month>{MONTH_NAMES})\b\.?(?:(?: de"
    rf"| del)?,? (?P<year>\d{{4}})\b)?)"
    r"|(?P<english>(?=[^\W\d_]{3,10}\.? \d)"
    rf"(?P<month2>{MONTH_NAMES})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:"
    r"|\.\d)(?:,? (?P<year2>\d{4})\b)?)"
    r")(?!\w(?<!T))",
    re.IGNORECASE,
)
MAX_MONTH = 12
YEARS = range(1900, 2100)
IMPOSSIBLE = RejectedValue("a date in the text does not exist")


def find_dates(page: MaskedText) -> Iterator[FoundValue | RejectedValue]:
    """ISO dates for unambiguous ones.

    "03/04/2024" and dates without a four-digit year stay as written.
    """
    for match in WRITTEN.finditer(page.without_urls):
        if match["iso"]:
            year, month, day = (int(part) for part in re.split(r"\D", match["iso"]))
        elif match["numeric"]:
            day, month, year = (int(part) for part in re.split(r"\D", match["numeric"]))
            if (
                max(day, month) <= MAX_MONTH
                and day != month
                and "." not in match["numeric"]
            ):
                year = 0
            elif month > MAX_MONTH and "." not in match["numeric"]:
                day, month = month, day
        else:
            day = int(match["day"] or match["day2"])
            month = MONTH_NUMBER[(match["month"] or match["month2"]).lower()]
            year = int(match["year"] or match["year2"] or 0)
        yield from _check_date(match, year, month, day)


def _check_date(
    match: re.Match[str], year: int, month: int, day: int
) -> Iterator[FoundValue | RejectedValue]:
    try:
        found = date(year if year in YEARS else 2000, month, day)
    except ValueError:
        if year in YEARS:
            yield IMPOSSIBLE
        return
    written = match[0].rstrip(".")
    value = found.isoformat() if year in YEARS else written
    if year in YEARS or not match["iso"]:
        yield FoundValue(
            value,
            match.start(),
            match.start() + len(written),
            0.95 if year in YEARS else 0.8,
        )
