"""Product names: the desk's own, and what the sentence itself calls a plan, an app, a version ...

Conservative: a capital alone proves nothing, so a name needs the noun after it or a version number.
"""

import re
from collections.abc import Iterator

from engines.local.fields.brands import find_brands
from engines.local.fields.terms import find_terms
from policies.desk.model import FieldDefinition
from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue

TIER_WORDS = (
    "free|lite|light|basic|starter|standard|plus|pro|professional|premium|gold|silver|platinum"
    "|family|student|personal"
    "|individual|team|teams|business|enterprise|ultimate|unlimited|deluxe|advanced|home|duo|max"
)
TIER_NAME = re.compile(TIER_WORDS, re.IGNORECASE)
"""A tier is named together with its noun ("Pro subscription"), a product without it
("Photon" for "the Photon app")."""
PRODUCT_NOUNS = (
    "subscription|plan|membership|licen[cs]e|edition|suite|app|package|bundle|tier|add-on"
    "|plugin|abonnement|abo"
)
NAME_PATTERN = r"(?:[A-Z]\w{0,30}+[ ]){1,3}"
PRODUCT_BEFORE_NOUN = re.compile(
    rf"(?<![\w-])(?P<name>(?P<words>{NAME_PATTERN})(?P<noun>(?i:{PRODUCT_NOUNS})))(?![\w-])"
)
TIER_BEFORE_NOUN = re.compile(
    (
        rf"(?=[abdefghilmpstu])(?<![\w-])(?=[a-z]{{3,12}}+ [abelmpst])(?P<name>(?:{TIER_WORDS}) "
        rf"(?:{PRODUCT_NOUNS}))s?(?![\w-])"
    ),
    re.IGNORECASE,
)
PRODUCT_AFTER_VERB = re.compile(
    r"(?=[BIRUbiortuw])(?<!\w)(?:[Uu]s(?:e|ing)|[Rr]unning|[Ii]nstalled|[Bb]ought|on|with|of|to"
    r"|in) "
    r"(?:the |your |our |my )?"
    r"(?P<name>(?:[A-Z]\w{0,30}+[ ]){1,4})(?:version |ver\.? "
    r"|v\.?)\d{1,4}+(?:\.\d{1,4}+){0,3}(?!\w)"
)
NOT_A_NAME = re.compile(
    r"a|an|the|my|our|your|his|her|their|this|that|these|those|i|we|you|it|in|on|for|of|to|with"
    r"|from|and|or|but"
    r"|not|no|is|are|was|cancel|renew|upgrade|update|change|downgrade|buy|get|new|old|current"
    r"|existing|paid|same"
    r"|other|another|any|every|each|please|hello|hi|dear|thanks|what|which|when|where|why|how"
    r"|can|could|does|did"
    r"|has|have|if|since|after|before|free|monthly|annual|yearly|two|second|wrong|active"
    r"|expired|billed|charged"
    r"|regarding|about|re|fwd",
    re.IGNORECASE,
)
NOT_STANDALONE_NAMES = frozenset(
    {"mobile", "web", "desktop", "android", "ios", "iphone"}
)
"""Words that say which of the apps, not what it is called."""
SENTENCE_ENDS = frozenset(".!?:\n")


def find_products(
    page: MaskedText, definition: FieldDefinition
) -> Iterator[FoundValue]:
    """The definition's terms, names before a noun for products, names before a version.

    "Pro subscription", "the Photon app", "using Photon Pro version 3".
    """
    yield from find_terms(page, definition)
    for match in PRODUCT_BEFORE_NOUN.finditer(page.without_machine_text):
        yield from _find_named_products(page.without_machine_text, match)
    for match in TIER_BEFORE_NOUN.finditer(page.without_machine_text):
        if not match["name"].isupper() and not match["name"].lower().startswith(
            ("free ", "home ", "light ")
        ):
            yield FoundValue(match["name"], *match.span("name"), 0.8)
    for match in PRODUCT_AFTER_VERB.finditer(page.without_machine_text):
        name = match["name"].rstrip()
        if not NOT_A_NAME.fullmatch(name.split()[0]):
            yield FoundValue(
                name, match.start("name"), match.start("name") + len(name), 0.8
            )
    yield from find_brands(page)


def _find_named_products(text: str, match: re.Match[str]) -> Iterator[FoundValue]:
    words = match["words"].split()
    while words and (
        NOT_A_NAME.fullmatch(words[0]) or words[0].lower() in NOT_STANDALONE_NAMES
    ):
        del words[0]
    if not words or any(NOT_A_NAME.fullmatch(word) for word in words):
        return
    start = match.end() - len(match["noun"]) - 1 - len(" ".join(words))
    before = text[max(0, start - 4) : start].rstrip(" \"'(*-")
    opens_sentence = before[-1:] in SENTENCE_ENDS if before else True
    tier = all(TIER_NAME.fullmatch(word) for word in words)
    end = (
        match.end()
        if tier or match["noun"][0].isupper()
        else start + len(" ".join(words))
    )
    if len(words) > 1 or not opens_sentence:
        yield FoundValue(text[start:end], start, end, 0.85)
