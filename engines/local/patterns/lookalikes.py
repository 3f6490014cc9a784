"""Blanks out what only looks like an order, a phone number or a code.

Every mask keeps the length of the text, so that offsets stay those of the ticket. The patterns start at the
beginning of a run of their own characters and consume it possessively: one pass, whatever the text.
"""

import re
from collections.abc import Callable

from engines.local.patterns.checksums import is_card, is_iban

FILLER = "\x1a"
"""Neither word, space nor punctuation, and never in a sanitised text: it joins nothing and separates everything."""

Check = Callable[[str], bool]

HEADERS = re.compile(
    r"^(?:Message-ID|In-Reply-To|References|Received|Return-Path|DKIM-Signature|MIME-Version|Content-[\w-]++"
    r"|List-[\w-]++|Thread-[\w-]++|ARC-[\w-]++|X-[\w-]++):.*+(?:\n[ \t]++\S.*+)*+",
    re.MULTILINE | re.IGNORECASE,
)
URL = re.compile(r"\b[A-Za-z][\w+-]{0,15}+://\S++|\bwww\.\S++|\bjdbc:\S++", re.IGNORECASE)
EMAIL_LIKE = re.compile(r"(?<![\w.%+'-])[\w.%+'-]{1,64}+@[\w.-]++")
UUID = re.compile(r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\w)", re.IGNORECASE)
HASH = re.compile(r"(?<!\w)[0-9a-f]{20,}+(?!\w)", re.IGNORECASE)
PATH = re.compile(r"(?<![\w./\\~:@$-])(?=[~./\\a-z]|[A-Z]:)(?:[A-Za-z]:)?[\w.~@$-]*+(?:[/\\][\w.@$-]++){2,}+(?::\d++)?")
STACK_LINE = re.compile(
    r"^[ \t]*+at [\w.$<>/@-]++\(.*+|\bline[ :]\d++|\.(?:java|kt|scala|py|js|ts|c|cc|cpp|h|cs|go|rb|rs|php):\d++",
    re.MULTILINE,
)
IP_V4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?(?!\w|\.\d)")
IP_V6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}+[0-9a-f]{0,4}+(?![\w:])", re.IGNORECASE)
VERSION = re.compile(r"(?<![\w.+])v?\d++(?:\.\d++){2,}+(?:x\d++|(?:[-+.]?[A-Za-z]\w*+)*+)")
DOTTED_PHONE = re.compile(r"(?:\d{3}\.\d{3}\.\d{4}|\d{2,3}(?:\.\d{2}){4})(?:x\d+)?")
DATE_TIME = re.compile(
    r"(?<![\w./-])(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2}))(?![-./]?\d)"
    r"(?:[T ,]{1,2}\d{1,2}:\d{2}(?::\d{2})?(?:[.,:]\d{1,9})?(?:Z| ?[+-]\d{2}:?\d{2})?)?"
    r"|(?<![\w:])\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?!\w)"
)
SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
CARD = re.compile(r"(?<![\w.+-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5}|\d{12,19})(?![\w-])")
IBAN = re.compile(
    r"(?<!\w)(?:[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}|[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)(?!\w)"
)
MONEY = re.compile(
    r"(?:[$€£¥₹]|(?<!\w)(?:USD|EUR|GBP|CHF|CAD|AUD|INR|JPY)) ?\d[\d.,']*+"
    r"|(?<![\w.,'#-])\d[\d.,']*+ ?(?:[$€£¥₹%]|(?:USD|EUR|GBP|CHF|CAD|AUD|INR|JPY|dollars?|euros?|pounds?)(?!\w))",
    re.IGNORECASE,
)
HEX = re.compile(r"(?<!\w)0x[0-9a-f]++", re.IGNORECASE)
EPOCH = re.compile(r"(?<![\w.+])1[3-9]\d{8}(?:\d{3}){0,3}(?!\w)")
ISSUE_KEY = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]{1,15}+-\d++(?!\w)")


def _is_iban(found: str) -> bool:
    return is_iban(found.replace(" ", "").upper())


def _is_card(found: str) -> bool:
    return is_card(found.replace(" ", "").replace("-", ""))


def _is_version(found: str) -> bool:
    return DOTTED_PHONE.fullmatch(found) is None


def _is_address(found: str) -> bool:
    return any(char.isdigit() for char in found)


ADDRESSES: tuple[tuple[re.Pattern[str], Check | None], ...] = ((HEADERS, None), (URL, None))
MACHINE: tuple[tuple[re.Pattern[str], Check | None], ...] = (
    (EMAIL_LIKE, None),
    (UUID, None),
    (HASH, None),
    (PATH, None),
    (STACK_LINE, None),
    (DATE_TIME, None),
    (IP_V4, None),
    (IP_V6, _is_address),
    (VERSION, _is_version),
)
PERSONAL: tuple[tuple[re.Pattern[str], Check | None], ...] = (
    (SSN, None),
    (CARD, _is_card),
    (IBAN, _is_iban),
    (MONEY, None),
)
CODES: tuple[tuple[re.Pattern[str], Check | None], ...] = ((HEX, None), (EPOCH, None), (ISSUE_KEY, None))


def blank(text: str, masks: tuple[tuple[re.Pattern[str], Check | None], ...]) -> str:
    """The text with every match of the masks replaced by as many fillers; a mask's check may spare a match."""
    for pattern, check in masks:
        text = pattern.sub(lambda m, ok=check: m[0] if ok and not ok(m[0]) else FILLER * len(m[0]), text)
    return text


def blank_spans(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with these spans, in rising order, replaced by fillers."""
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start < at:
            continue
        parts += [text[at:start], FILLER * (end - start)]
        at = end
    return "".join([*parts, text[at:]])
