"""Blanks out what only looks like an order, a phone number or a code.

Every mask keeps the length of the text, so that offsets stay those of the ticket. The
patterns start at the beginning of a run of their own characters and consume it
possessively: one pass, whatever the text. Many take their first character before they look
at the one behind it, because the engine skips fast to a pattern's first character.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from text.checksums import is_card, is_iban
from text.currencies import CODES as CURRENCY_CODES

FILLER = "\x1a"
"""Neither word, space nor punctuation, and never in a sanitised text.

It joins nothing and separates everything.
"""

Check = Callable[[str], bool]

_ANY_CASE = "USD|EUR|GBP|CHF|CAD|AUD|INR|JPY"
"""Codes that are no words in small letters either: "order 4471 Ron sent" has no sum."""

HEADERS = re.compile(
    r"^(?:Message-ID|In-Reply-To|References|Received|Return-Path|DKIM-Signature|MIME-Version"
    r"|Content-[\w-]++"
    r"|List-[\w-]++|Thread-[\w-]++|ARC-[\w-]++|X-[\w-]++):.*+(?:\n[ \t]++\S.*+)*+",
    re.MULTILINE | re.IGNORECASE,
)
URL = re.compile(
    r"\b[A-Za-z][\w+-]{0,15}+://\S++|\bwww\.\S++|\bjdbc:\S++", re.IGNORECASE
)
EMAIL_LIKE = re.compile(r"(?<![\w.%+'-])[\w.%+'-]{1,64}+@[\w.-]++")
UUID = re.compile(
    r"(?<![\w-])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\w)", re.IGNORECASE
)
HASH = re.compile(r"(?<!\w)[0-9a-f]{20,}+(?!\w)", re.IGNORECASE)
PATH = re.compile(
    r"(?<![\w./\\~:@$-])(?=[~./\\a-z]|[A-Z]:)(?:[A-Za-z]:)?[\w.~@$-]*+(?:[/\\][\w.@$-]++){2,}+"
    r"(?::\d++)?"
)
STACK_FRAME = re.compile(r"^[ \t]*+at [\w.$<>/@-]++\(.*+", re.MULTILINE)
STACK_PLACE = re.compile(  # line 42, line:42, app.py:42; not "online 24"
    r"line(?<!\wline)[ :]\d++|\.(?:java|kt|scala|py|js|ts|c|cc|cpp|h|cs|go|rb|rs|php):\d++"
)
IP_V4 = re.compile(  # 10.0.0.1, 10.0.0.1:8080, 10.0.0.0/8; not inside 1.10.0.0.1
    r"\d(?<![\w.]\d)\d{0,2}(?:\.\d{1,3}){3}(?::\d{1,5}|/\d{1,2})?(?!\w|\.\d)"
)
IP_V6 = re.compile(
    r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}+[0-9a-f]{0,4}+(?![\w:])", re.IGNORECASE
)
VERSION = re.compile(  # v1.2.3, 5.6.0-beta.1, 1.2.3x64
    r"[v\d](?<![\w.+].)\d*+(?<=\d)(?:\.\d++){2,}+(?:x\d++|(?:[-+.]?[A-Za-z]\w*+)*+)"
)
DOTTED_PHONE = re.compile(r"(?:\d{3}\.\d{3}\.\d{4}|\d{2,3}(?:\.\d{2}){4})(?:x\d+)?")
DATE_TIME = re.compile(  # 2026-05-04T09:00:00Z, 4.5.26, 4/5/2026 9:00, 9:00
    r"\d(?:(?<![\w./-]\d)(?:\d{3}([-/.])\d{1,2}\1\d{1,2}|\d?([-/.])\d{1,2}\2(?:\d{4}"
    r"|\d{2}))(?![-./]?\d)"
    r"(?:[T ,]{1,2}\d{1,2}:\d{2}(?::\d{2})?(?:[.,:]\d{1,9})?(?:Z| ?[+-]\d{2}:?\d{2})?)?"
    r"|(?<![\w:]\d)\d?:\d{2}(?::\d{2})?(?:[.,]\d{1,9})?(?!\w))"
)
# 123-45-6789 standing alone.
SSN = re.compile(r"\d(?<![\w-]\d)\d\d-\d{2}-\d{4}(?![\w-])")
CARD = re.compile(  # 4111 1111 1111 1111, 3782 822463 10005, 4111111111111111
    r"\d(?<![\w.+-]\d)(?:\d{3}([ -])\d{4}\1\d{4}\1\d{4}|\d{3}([ -])\d{6}\2\d{5}|\d{11,18})(?![\w-])"
)
IBAN = re.compile(
    r"(?<!\w)(?:[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}|[A-Z]{2}[0-9]{2}(?: [A-Z0-9]{4}){2,7}(?: "
    r"[A-Z0-9]{1,3})?)(?!\w)"
)
SUM = re.compile(
    rf"(?:[$€£¥₹]|(?<!\w)(?=[A-Z]{{3}} ?\d)(?:{_ANY_CASE}|(?-i:{CURRENCY_CODES}))) ?\d[\d.,']*+"
    rf"|(?<![\w.,'#-])\d[\d.,']*+ ?(?:[$€£¥₹%]|(?:{_ANY_CASE}|(?-i:{CURRENCY_CODES})|dollars?"
    r"|euros?|pounds?)(?!\w))",
    re.IGNORECASE,
)
# 0x80070057, not the end of "10x20".
HEX = re.compile(r"0(?<!\w0)x[0-9a-f]++", re.IGNORECASE)
# 1714816800 and 1714816800123: seconds and milliseconds since 1970.
EPOCH = re.compile(r"1(?<![\w.+]1)[3-9]\d{8}(?:\d{3}){0,3}(?!\w)")
# PROJ-123, not the end of "X-PROJ-123".
ISSUE_KEY = re.compile(r"[A-Z](?<![\w-].)[A-Z0-9]{1,15}+-\d++(?!\w)")


def _is_spaced_iban(found: str) -> bool:
    return is_iban(found.replace(" ", "").upper())


def _is_spaced_card(found: str) -> bool:
    return is_card(found.replace(" ", "").replace("-", ""))


def _is_version(found: str) -> bool:
    return DOTTED_PHONE.fullmatch(found) is None


def _has_digit(found: str) -> bool:
    return any(char.isdigit() for char in found)


class Mask(NamedTuple):
    """What to blank out. Every match has one of the `signs`, casefolded.

    The `check` may spare a match.
    """

    pattern: re.Pattern[str]
    check: Check | None = None
    signs: tuple[str, ...] = ("",)


MONEY = Mask(SUM)
ADDRESSES = (Mask(HEADERS), Mask(URL, signs=("://", "www.", "jdbc:")))
MACHINE = (
    Mask(EMAIL_LIKE, signs=("@",)),
    Mask(UUID, signs=("-",)),
    Mask(HASH),
    Mask(PATH, signs=("/", "\\")),
    Mask(STACK_FRAME, signs=("(",)),
    Mask(STACK_PLACE),
    Mask(DATE_TIME),
    Mask(IP_V4),
    Mask(IP_V6, _has_digit, signs=(":",)),
    Mask(VERSION, _is_version),
)
PERSONAL = (
    Mask(SSN),
    Mask(CARD, _is_spaced_card),
    Mask(IBAN, _is_spaced_iban),
    MONEY,
)
CODES = (Mask(HEX), Mask(EPOCH), Mask(ISSUE_KEY))


def blank_masks(text: str, masks: tuple[Mask, ...]) -> str:
    """The text with every match of the masks replaced by as many fillers."""
    plain = text.casefold()
    for pattern, check, signs in masks:
        if any(sign in plain for sign in signs):
            text = pattern.sub(
                lambda m, ok=check: m[0] if ok and not ok(m[0]) else FILLER * len(m[0]),
                text,
            )
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
