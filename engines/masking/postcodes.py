"""Postcodes.

Those of a form that nothing else has, and any beside a place, a street or a word for
postcode.
"""

import re
from collections.abc import Iterator

from engines.masking.cues import cued_pattern, find_at_starts
from engines.masking.streets import CAPITALISED_WORD
from text.regexes import group_by_initial

US_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ"
    "|NM|NY|NC|ND|OH|OK|OR"
    "|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR|VI|GU|AS|MP|AA|AE|AP|FM|MH|PW"
)
PLACE_NAME = rf"{CAPITALISED_WORD}(?:[ -]{CAPITALISED_WORD}){{0,3}}"
POSTCODES = (
    # CA 94103, TX, 75001-1234; not inside a word ("USCA 94103")
    re.compile(rf"(?:{US_STATES})(?<!\w..),?[ ]\d{{5}}(?:-\d{{4}})?(?![\w-])"),
    # 94103-1234, 12345-678 (Brazil); not behind a hyphen or another digit
    re.compile(r"\d(?<![\w-]\d)\d{4}-\d{3,4}(?![\w-])"),
    # SW1A 1AA (Britain)
    re.compile(r"[A-Z](?<![\w-].)[A-Z]?\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?![\w-])"),
    # K1A 0B1 (Canada)
    re.compile(
        r"[ABCEGHJ-NPRSTVXY](?<![\w-].)\d[ABCEGHJ-NPRSTV-Z][ -]?\d[ABCEGHJ-NPRSTV-Z]\d(?![\w-])"
    ),
    # NSW 2000, WA 6000 (Australia); not inside a word ("USA 6000")
    re.compile(r"(?:NSW|VIC|QLD|TAS|ACT)(?<!\w...),?[ ]\d{4}(?![\w-])"),
    re.compile(r"(?:SA|WA|NT)(?<!\w..),?[ ]\d{4}(?![\w-])"),
    # 1012 AB Amsterdam (Netherlands)
    re.compile(rf"\d(?<![\w-]\d)\d{{3}} ?[A-Z]{{2}}[ ]{{1,2}}{PLACE_NAME}"),
    # D-10115 Berlin, CH-8001 Zürich
    re.compile(
        rf"(?<![\w-])(?:A|AT|B|CH|D|DE|DK|E|F|FI|FR|I|L|N|NL|NO|P|PL|S|SE)-\d{{4,5}}[ ]{PLACE_NAME}"
    ),
    # 00-950 Warszawa, 100-0001 Tokyo, 114 55 Stockholm
    re.compile(
        rf"\d(?<![\w.-]\d)(?:\d-\d{{3}}|\d{{3}}-\d{{3}}|\d\d \d\d),?[ ]{PLACE_NAME}"
    ),
)
ADDRESS_SEPARATOR = re.compile(r"\n|, ")
POSTCODE_WITH_PLACE = re.compile(
    rf"(?:\d{{4,6}}[ ]{PLACE_NAME}|{PLACE_NAME},?[ ]\d{{4,6}})(?=[ ]?[\n,.;!?)]|\s*$)"
)
"""A line, or what stands between two commas."""
POSTCODE_LABELS = (
    r"zip(?:[ -]?code)?|post[ -]?(?:al )?codes?|plz|postleitzahl|code postal|código postal"
    r"|c\.?p\.|cap|cep|eircode"
    r"|pin ?code"
)
LABELLED_POSTCODE = cued_pattern(
    (
        "zip zipcode post postal postcode postcodes plz postleitzahl code código p cap cep eircode "
        "pin pincode"
    ),
    rf"(?<!\w)(?=[^\W\d_])(?:{group_by_initial(POSTCODE_LABELS)})(?!\w)"
    r"(?:[ :=(#]{1,3}|(?:is|was|of|number|no|changed|to|from|ist|est|es)(?!\w)){1,6}+"
    r"(?P<code>(?=[A-Z]{0,2}\d)[A-Z0-9]{2,8}+(?:[ -](?=[A-Z]{0,2}\d)[A-Z0-9]{2,4}(?!\w))?)",
    re.IGNORECASE,
)


def find_postcodes(text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where postcodes stand, with the place behind them.

    `words` are those of the text, casefolded.
    """
    for pattern in POSTCODES:
        yield from (match.span() for match in pattern.finditer(text))
    parts = (match.end() for match in ADDRESS_SEPARATOR.finditer(text))
    yield from (
        match.span() for match in find_at_starts(POSTCODE_WITH_PLACE, text, parts)
    )
    yield from (
        match.span("code") for match in LABELLED_POSTCODE.find_matches(text, words)
    )
