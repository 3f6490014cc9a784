"""Product names that no list holds: a capitalised name in a place where a sentence names a product.

A capital alone proves nothing; people, places and days have one too. A name counts beside a
version, after a label, before a noun such as "app", after a verb such as "use", as a part
of a program ("the settings of Tidepool"), with a model number after an article, or by its
inner capital ("StaffDeck").
"""

import re
from collections.abc import Iterator

from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue

_WORD = r"[A-Z][a-z]{2,20}(?:[A-Z][a-z]{2,20})?"
_NAME = rf"(?P<name>{_WORD}(?: (?:{_WORD}|[A-Z]{{2,5}})){{0,2}})"
_MODEL = r"[A-Z]{0,2}\d{1,4}[A-Za-z]{0,2}"
# Each begins with the letters that it can begin with: at most places in a text the engine
# then tries nothing else.
_DETERMINER = (
    r"(?=[ahlmnoprty])(?:the|my|our|your|his|her|their|a|an|this|new|old|phone|laptop"
    r"|tablet|reader|model is|model)"
)
_PART = (
    r"(?=[abcdefilmnprstvw])(?:accounts?|administrators?|app|bar|bell|boards?|buttons?|calendar"
    r"|client|codes|console|copy|dashboard"
    r"|entries|export"
    r"|fields?|figures|import|licen[cs]es?|lists?|login|menu|page|plan|profile|reports?|rights"
    r"|screens?|settings|sign-in"
    r"|tabs?|version|view|window|workspace|curiosity|bug|fault|error)"
)
_NOUN = (
    r"(?:app|client|console|profile|program|software|portal|plugin|team|shop|sensor|headset"
    r"|speaker|printer)"
)
_OWNER = r"(?=[mtoy])(?:the|my|our|your)"
_VERB = (
    r"(?=[bilorsuw])(?:us(?:es?|ing)|open(?:ed)?|start(?:ed)?|launch|install(?:ed)?|restart"
    r"|bought|wears|own)"
)
_PATTERNS = tuple(
    (re.compile(pattern, re.MULTILINE), confidence)
    for pattern, confidence in (
        (rf"(?<![\w.@/-]){_NAME} v?\d{{1,4}}(?:\.\d{{1,4}}){{1,3}}(?![\w.]\d)", 0.8),
        (
            (
                r"^(?:(?:[A-Z][a-z]+ )?(?i:product|game|app|plugin|software|program|device|model"
                rf"|tool)): *{_NAME}"
            ),
            0.85,
        ),
        (
            rf"^{_NAME}(?:,? [\w ]{{1,24}})?, (?:\w+, )?(?:app )?(?:version|patch|release) \d",
            0.8,
        ),
        (rf"(?i:\b{_OWNER}) {_NAME} (?:(?:desktop|web|mobile) )?{_NOUN}\b", 0.75),
        (rf"(?i:\b{_VERB}) (?:the |your |my |our )?{_NAME}(?![\w-])", 0.7),
        (
            (
                rf"\b{_PART}(?: (?:of|for|with) [a-z]+)? (?:in|of|for|from|on) (?:the "
                rf"|your )?{_NAME}(?![\w-])"
            ),
            0.7,
        ),
        (
            rf"(?i:(?<!\w){_DETERMINER}) [\"(]?(?P<name>{_WORD}(?: {_WORD})? {_MODEL})(?![\w.:-])",
            0.75,
        ),
        (
            r"(?<![\w@./-])(?P<name>[A-Z][a-z]{2,12}[A-Z][a-z]{2,12})(?![\w@./(:#\[-])",
            0.7,
        ),
    )
)
NOT_PRODUCT_WORDS = """
android ios ipados iphone ipad windows linux mac macos ubuntu debian fedora php python java
javascript chrome firefox safari edge bluetooth wifi excel word pdf csv xml json html http https
api sql utc gmt usb sms mail email google apple microsoft monday tuesday wednesday thursday
friday saturday sunday january february march april may june july august september october
november december christmas easter english german french spanish italian portuguese dutch polish
chinese europe germany france spain italy england london paris berlin room building gate ward
floor line hall level section slide page step table chapter unit block lift stand street road
lane avenue close error code order ticket invoice version release update team support customer
dear hello best kind regards thanks thank please mister doctor professor sir madam view file
settings legend paypal whatsapp youtube linkedin facebook github mastercard visa office branch
branches store quad school university hospital counter desk platform track channel episode
season
"""
"""Platforms, days, places in a building and other words that have a capital or a number
without being a product."""

LEADING_WORDS = """
the my our your in on at of for from with this that a an is since when after i we it and or use
using upgrade update install remove release disable enable opened open close bump run support
add
"""
"""Words before a name that a capital at the start of a sentence makes look like a part of it."""

_NOT_PRODUCT_SET = frozenset(NOT_PRODUCT_WORDS.split())
_LEADING_SET = frozenset(LEADING_WORDS.split())


def find_brands(page: MaskedText) -> Iterator[FoundValue]:
    """Names in the places where products are named, with where they stand."""
    for pattern, confidence in _PATTERNS:
        for match in pattern.finditer(page.without_urls):
            start, name = _strip_leading_words(match.start("name"), match["name"])
            if name and not any(
                word.lower() in _NOT_PRODUCT_SET for word in name.split()
            ):
                yield FoundValue(name, start, start + len(name), confidence)


def _strip_leading_words(start: int, name: str) -> tuple[int, str]:
    words = name.split(" ")
    while words and words[0].lower() in _LEADING_SET:
        start += len(words[0]) + 1
        del words[0]
    return start, " ".join(words)
