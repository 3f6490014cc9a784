"""Signs of prompt injection: a text that addresses the machine rather than the desk.

A flag sends the ticket to a person. It is no defence by itself.
"""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape

from contracts.ticket import InjectionFlag
from text.cleaning.folding import join_spelled_letters, unwrap_lines
from text.cleaning.rules import LINE_RULES, SPELLED_OUT, WORD_RULES
from text.cleaning.unicode import normalise_text
from text.letter_folding import fold_letters

_EXCERPT = 120  # characters, the contract's limit
_LEAD = 20
_MAX_BLOBS = 20
_MAX_BLOB = 2_000

_WORD = re.compile(r"[a-z]+")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{32,}+={0,2}")
_TAG_LETTERS = re.compile(
    "(?<![\U0001f3f4\U000e0020-\U000e007e])[\U000e0020-\U000e007e]{4,}"
)
_TAG_OFFSET = 0xE0000
_REVERSED = "\u202e"


def _index_word_rules() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Word → the rules that begin with it."""
    index: dict[str, list[tuple[str, re.Pattern[str]]]] = defaultdict(list)
    for rule in WORD_RULES:
        then = re.compile(rule.then)
        for word in dict.fromkeys(rule.words.split()):
            index[word].append((rule.id, then))
    return dict(index)


_BY_WORD = _index_word_rules()
_BY_LINE = tuple(
    (rule.id, re.compile(rule.pattern, re.MULTILINE)) for rule in LINE_RULES
)
_VOCABULARY = frozenset(
    [*_BY_WORD, "instructions", "previous", "prior", "above", "rules", "prompt", "mode"]
)


def scan_for_injection(received: str, normal: str) -> tuple[InjectionFlag, ...]:
    """The first finding of each rule, in a text as received and in its normalised form.

    Quotes and comments are searched too.
    """
    findings: dict[str, str] = {}
    for rule, excerpt in _find_injections(received, normal):
        findings.setdefault(rule, excerpt)
    return tuple(
        InjectionFlag(rule=rule, excerpt=excerpt) for rule, excerpt in findings.items()
    )


def _find_injections(received: str, normal: str) -> Iterator[tuple[str, str]]:
    written = unescape(normal)
    yield from _match_all_rules(
        normal if written == normal else normalise_text(written)
    )
    for source, hidden in (
        ("hidden_characters", _decode_tag_letters(received)),
        ("encoded", _decode_base64(received)),
    ):
        found = next(_match_all_rules(normalise_text(hidden)), None) if hidden else None
        if found:
            yield source, found[1]
        elif hidden and source == "hidden_characters":
            yield source, hidden[:_EXCERPT]
    if _REVERSED in received:
        yield "hidden_characters", "text with a right-to-left override"


def _match_all_rules(text: str) -> Iterator[tuple[str, str]]:
    """(rule, excerpt) for each rule found in normalised text."""
    folded = fold_letters(text, _VOCABULARY)
    yield from _match_word_rules(unwrap_lines(folded))
    for rule, pattern in _BY_LINE:
        if found := pattern.search(folded):
            yield rule, _cut_excerpt(folded, found.start())
    if found := SPELLED_OUT.search(join_spelled_letters(folded)):
        yield "spelled_out", found[0]


def _match_word_rules(text: str) -> Iterator[tuple[str, str]]:
    found: set[str] = set()
    for word in _WORD.finditer(text):
        for rule, then in _BY_WORD.get(word[0], ()):
            if rule not in found and then.match(text, word.end()):
                found.add(rule)
                yield rule, _cut_excerpt(text, word.start())


def _cut_excerpt(text: str, start: int) -> str:
    begin = max(0, start - _LEAD)
    return " ".join(text[begin : begin + _EXCERPT].split())


def _decode_tag_letters(text: str) -> str:
    """What is written in Unicode's invisible tag letters, flags of regions aside."""
    if text.isascii():
        return ""
    return " ".join(
        "".join(chr(ord(char) - _TAG_OFFSET) for char in run)
        for run in _TAG_LETTERS.findall(text)
    )


def _decode_base64(text: str) -> str:
    """The readable text in the first base64 blobs; empty when there is none."""
    readable: list[str] = []
    for blob in _BASE64.findall(text)[:_MAX_BLOBS]:
        cut = blob[:_MAX_BLOB].rstrip("=")
        try:
            plain = base64.b64decode(cut + "=" * (-len(cut) % 4), validate=True).decode(
                "utf-8"
            )
        except (binascii.Error, UnicodeDecodeError):
            continue
        if plain.isprintable() or "\n" in plain:
            readable.append(plain)
    return "\n\n".join(readable)
