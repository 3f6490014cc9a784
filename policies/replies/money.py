"""Sums and promises of money that nobody with the right to make them has made."""

import re
from collections.abc import Iterator, Sequence

from policies.replies.trusted import TrustedContent
from text.figures import SPELLED_SUM, find_sums
from text.reply import quote_values

_MONEY = re.compile(
    r"\b(?:(?:returned|sent|paid|transferred|booked|put|going) (?:back )?(?:to|on|onto"
    r"|into) your (?:\w+ )?(?:card"
    r"|account|bank)|(?:without|with no) (?:\w+ )?(?:costs?|charges?)|(?:plan|subscription"
    r"|membership"
    r"|account) (?:has been|was|is|will be) (?:extended|upgraded)|refund\w*|reimburs\w*"
    r"|compensat\w*|credit(?:ed|ing"
    r"|s)?(?! cards?\b)|discount\w*|waiv(?:e|ed|es|ing|er)"
    r"|vouchers?|coupons?"
    r"|gift cards?|goodwill|rebates?|cash ?back|money back|free of charge|for free"
    r"|at no (?:extra )?(?:cost|charge)"
    r"|no (?:extra |additional )?charge|free (?:months?|years?|weeks?|upgrades?|shipping"
    r"|replacements?)|\d+ ?(?:%"
    r"|percent) off"
    r"|on the house|pay(?:ing)? you|we owe you|(?:reverse|cancel"
    r"|remove)[sd]? the (?:\w+ )?(?:charge|fee|payment)s?"
    r"|(?:charge|fee|payment) (?:will be|has been|was|is) (?:reversed|cancelled|canceled"
    r"|removed|dropped|waived)"
    r"|charge ?backs?|(?:your|the) money (?:back|will|is|has)|promo(?:tion)? codes?"
    r"|store credit|bonus(?:es)?"
    r"|erstatt\w*|ruckerstatt\w*|gutschrift\w*|gutgeschrieben|entschadig\w*|schadenersatz"
    r"|rabatt\w*|rembours\w*"
    r"|dedommag\w*"
    r"|reembols\w*|devoluc\w+ del dinero|descuento\w*|indemni\w*|rimbors\w*|risarc\w*|sconto"
    r"|terugbetal\w*|korting"
    r"|zwrot\w*)"
)
_NO_WORD_OF_OURS = (
    r"(?!(?:will|shall|can|have|has|we|and|but|then|so|gladly|happily)\b)\w+"
)
_HEDGE = re.compile(
    r"\bwhether(?: (?!and\b|but\b|then\b|so\b)\w+){0,6} $"
    r"|(?:\b(?:not|cannot|never|no|without|unable to|about|regarding|concerning|(?:look"
    r"|looking) into|check|checking"
    r"|request|requests|requested|requesting|ask|asked|asking|waiting for|waiting on|awaiting"
    r"|expected|expecting"
    r"|question"
    r"|questions|decide|deciding|decides|decision|eligible|review|reviewing|apply|claim|how"
    r"|receive your"
    r"|received your|got your)"
    rf"|n't)(?: {_NO_WORD_OF_OURS}){{0,4}} $"
)
_SAID_BY_CUSTOMER = re.compile(
    r"\byou (?:mention|mentioned|wrote|write|say|said|told|describe|described|report|reported"
    r"|ask|asked|request"
    r"|requested"
    r"|would like|wish|want|wanted|expect|expected|were promised|are waiting)\b(?!.*\bwe\b)"
)
_NOUN = re.compile(
    r" (?:requests?|questions?|polic(?:y|ies)|status|enquir\w+|inquir\w+|matter|terms|rules"
    r"|conditions|issues?"
    r"|claims?|form"
    r"|page|(?:is|are) (?:being |still being )?(?:reviewed|checked|looked)|(?:has|have|is|was"
    r"|did|does|are) not)\b"
)
_REACH = 80


def find_untrusted_sums(
    text: str, sentences: Sequence[str], trusted: TrustedContent
) -> Iterator[str]:
    """Sums that neither the customer nor a cited source names.

    `sentences` are flat, those of others only.
    """
    strange = [
        found.written
        for found in find_sums(text)
        if found.value not in trusted.repeatable.numbers
    ]
    strange += [
        written
        for sentence in sentences
        for written in SPELLED_SUM.findall(sentence)
        if written not in trusted.repeatable.spelled_sums
    ]
    if strange:
        yield (
            f"The reply names {quote_values(strange)}, a sum that neither the customer nor a cited "
            "source names."
        )


def find_money_promises(sentences: Sequence[str]) -> Iterator[str]:
    """Sentences that give or seem to give money, in the model's own words."""
    found = [sentence for sentence in sentences if _promises_money(sentence)]
    if found:
        yield (
            "The reply speaks of money to be given, and no cited source says so word for "
            f"word: {quote_values(found)}."
        )


def _promises_money(sentence: str) -> bool:
    return any(
        not (
            _NOUN.match(sentence, match.end())
            or _HEDGE.search(
                before := sentence[max(0, match.start() - _REACH) : match.start()]
            )
            or _SAID_BY_CUSTOMER.search(before)
        )
        for match in _MONEY.finditer(sentence)
    )
