"""Signs that an article alone is no answer, and a person should read the message. Pure.

Signs are looked for one sentence at a time. What a sentence denies ("nothing is lost", "no
rush") is removed first. What is left of a negation ("does not arrive", "nobody can") is
itself a sign, except where it only says that somebody does not know, find or need
something. English only: tickets in other languages are never answered by an article alone.
"""

import re
from collections.abc import Iterator
from functools import reduce
from typing import NamedTuple

from text.regexes import WordIndex, required_words, split_alternatives
from text.sentences import normalise_sentences

_THING = (
    r"(?:accounts?|passwords?|profiles?|mails?|emails?|mailbox|messages?|data|phones?"
    r"|laptops?|calendars?|pay\w*)"
)
_PERSON = (
    r"(?:ex|husbands?|wife|wives|partners?|boyfriends?|girlfriends?|mothers?|fathers?|parents?"
    r"|brothers?"
    r"|sisters?|sons?"
    r"|daughters?|child|children|colleagues?|cowork\w+|boss|managers?|neighbours?|friends?"
    r"|strangers?|employees?"
    r"|customers?|users?|patients?|people|persons?|somebody|someone)"
)

_DENIED = (
    r"(?:"
    r"(?:purely|just|only) (?:theoretical|hypothetical|curious)\b.*"
    r"|(?:suppose|imagine|what if|in case|if one day)\b.*"
    r"|no (?:\w+ )?(?:rush|hurry|problems?|worries|emergency|deadline|urgency|stress|reply"
    r"|answer|pressure)\b"
    r"|not (?:in )?(?:an? |any |at all |that |very |so )?(?:\w+ )?(?:urgent|pressing|hurry|rush"
    r"|emergency|deadline"
    r"|problem|complaint|catastrophe|afraid|tragedy)\b"
    r"|(?:nothing|nobody|no one)(?: \w+)? (?:gone |been )?(?:wrong|lost|burning|broken|missing"
    r"|happened"
    r"|urgent|upset|hurt"
    r"|stuck|cut|serious|else)\b"
    r"|(?:have|has|had|did|do|does) not (?:yet |ever )?(?:click|clicked|open|opened|answer"
    r"|answered|reply"
    r"|replied|enter"
    r"|entered|type|typed|touch|touched|give|given|order|ordered|expect|expecting)\b[^,]*"
    r"|not expecting\b"
    r"|(?:do|does|did|can|could|have) not (?:quite |really |yet |ever |any ?more "
    r"|even )?(?:know|remember|recall|find"
    r"|found|see (?:how|where|an?|any|the|when)|need|use|used|want|like|mind|understand|play"
    r"|have to"
    r"|work here|done it"
    r"|tell how|think|fit)\b"
    r"|(?:does|do) not (?:fit|suit)\b"
    r"|(?:never|not) (?:done|had|tried|been) (?:it|this|one|that|there)\b(?: before)?"
    r"|(?:found|find) nothing\b|nothing to (?:be )?(?:do|done|order|ordered|pay|add|report)\b"
    r"|nobody minded\b|(?:i|we) never ordered\b"
    r"|(?:please )?take your time\b(?: with \w+ \w+)?|do not drop\b|not (?:just|only|yet sure"
    r"|sure)\b"
    r"|demand to know\b|fire (?:safety|drill|protection)\b"
    r"|can (?:some(?:body|one)|any(?:body|one))\b|could (?:some(?:body|one)|any(?:body|one))\b"
    r")"
)

_SIGNS: dict[str, str] = {
    "negation": (
        r"(?:not|never|no longer|no more|nothing|nobody|no one|none|neither|without"
        r"|unable|impossible)"
    ),
    "failure": (
        r"(?:errors?|fail\w*|broke\w*|crash\w*|freez\w+|hangs?|stuck|bugs?|wrong\w*|missing"
        r"|disappear\w*"
        r"|vanish\w*|gone"
        r"|(?:is|are|was|were|been|went|goes|systems?|servers?) (?:\w+ )?down"
        r"|refus\w+|rejected|declined|denied|block\w*|locked|suspended|restricted|damaged"
        r"|defect\w*|outage|corrupt\w*"
        r"|leak\w*|flood\w*|dripp\w+|empt(?:ied|ies)|wiped|deleted by|thrown back|timeout"
        r"|times out|slow)"
    ),
    "attempt": (
        r"(?:already(?! have)|still(?! (?:have|has|online|there|see|use|work|valid|in (?:its"
        r"|the)))|tried"
        r"|retried|again and again"
        r"|twice|(?:two|three|four|five|six|ten|several|many|\d+) times|(?:second|third"
        r"|fourth) time|followed"
        r"|as described"
        r"|like the guide|as the (?:page|guide|article|manual)|does(?: not)? help|same (?:thing"
        r"|result)"
        r"|keeps? \w+ing|(?:each|every) time|even (?:when|though|if|after)|although|despite"
        r"|expired)"
    ),
    "two matters": (
        r"(?:two (?:questions|things|requests|matters)|(?:another|second|other) (?:question"
        r"|thing|request|matter)"
        r"|and (?:could|can|would|will) you|while (?:i am|you are) at it|besides that)"
    ),
    "money": (
        r"(?:charged|charging (?!points?|stations?|cables?)\w+|overcharged|refund\w*|my money"
        r"|money back"
        r"|deduct\w+|debit\w*|compensat\w+|reimburse(?:d| me)?"
        r"|took (?:money|the|\d)|double payment|credit note|balance|dollars|euros|pounds|iban"
        r"|bank (?:account"
        r"|details)"
        r"|fraud\w*|owe[sd]?|invoice is wrong|salary is|underpaid|loan shark)"
    ),
    "security": (
        r"(?:hack\w*|stolen|stole|thief|thieves|theft|breach\w*|leaked|phished|malware|virus\w*"
        r"|ransom\w*"
        r"|scammed|misuse\w*"
        r"|abus\w+|intrud\w+|break in|broke into|unauthori[sz]ed|was not me|compromised|exposed"
        r"|clicked (?:on )?(?:it|the|a|that)"
        r"|opened (?:the|an?|that|its) (?:\w+ )?(?:attachment|file|link|document|pdf)|typed"
        r"|entered my|posted"
        r"|confidential|(?:i|we|they|he|she) (?:sent|gave) (?:him|her|them)"
        r"|taken from|(?:was|been) taken over|fake|former|admin\w* rights|dismissals?)"
    ),
    "safety": (
        r"(?:fire|smok\w+|burn(?:s|t|ed|ing)|explo\w+|gas|injur\w+|hurt\w*|hit|bleed\w*|blood"
        r"|wound\w*"
        r"|accident\w*|ambulance"
        r"|hospitali[sz]ed|medicine|medication|unconscious|died|dead|death|dying|deceased"
        r"|passed away|kill\w*"
        r"|suicid\w*"
        r"|dos(?:e|es|ing|age)|weapon|knife|gun|threat\w*|afraid|scared|fear|danger\w*"
        r"|poison\w*|police|emergency|overheat\w*|finger"
        r"|came down|collaps\w+|go on any ?more|after tonight|goodbye|degrees)"
    ),
    "people": (
        r"(?:harass\w*|bull(?:y|ied|ying)|discriminat\w*|religion|racis\w+|assault\w*|insult\w*"
        r"|shout\w*"
        r"|conflict|pregnan\w*"
        r"|fired|dismissed|resign\w*|divorc\w*|lives? alone|homeless|wants me to|forces? me"
        r"|asked me (?:by|to)"
        r"|asking me for"
        r"|a (?:\w+ )?(?:man|woman|stranger|boy|girl)|some(?:body|one)|ex|looking for her"
        r"|looking for him"
        r"|i am (?:[5-9]|1[0-7]))"
    ),
    "law": (
        r"(?:lawyers?|attorney|court|judge|sue|suing|legal\w*|lawsuit|tribunal|injunction"
        r"|regulator|authorit(?:y|ies)|gdpr"
        r"|demand\w*|consent|complain\w*|liab\w+|warrant|subpoena|auditors? (?:found|say)"
        r"|breach of)"
    ),
    "anger": (
        r"(?:worst|unacceptable|ridiculous|disgrac\w+|terrible|horrible|awful service|fed up"
        r"|useless|ruin\w*|pathetic"
        r"|shame|lies|liars?|incompetent|joke|scam|thanks for nothing|never again|competitor\w*"
        r"|another provider"
        r"|switch(?:ing)? to an|moving to another|tell everybody|bad reviews?|disappointed"
        r"|had enough"
        r"|last warning|sick of)"
    ),
    "haste": (
        r"(?:urgent\w*|asap|immediately|right now|tomorrow|tonight|by noon|at noon|deadline"
        r"|as soon as possible"
        r"|hours left|this minute|can not wait|waiting for (?:an hour|hours|days|weeks)|overdue"
        r"|late)"
    ),
    "many": (
        r"(?:all of (?:us|our|them)|for (?:everybody|everyone|all (?:of|our|users))|all (?:our"
        r"|the) (?:\w+ )?(?:users|agents|customers|staff|teams?"
        r"|colleagues|offices?)|(?:whole|entire) (?:\w+ )?(?:team|office|company|ward|floor"
        r"|site|building"
        r"|department|project|school)"
        r"|our \d+|(?:two|three|four|five|six|seven|eight|nine|ten|\d+) (?:of us|users|nurses"
        r"|colleagues)"
        r"|customers (?:can|see|are)|production)"
    ),
    "someone else's": (
        rf"(?:{_THING} of (?:(?:my|a|an|the|our|another|other|all|his|her) )*(?:\w+ )?{_PERSON}"
        rf"|{_PERSON} s (?:\w+ )?{_THING}"
        rf"|(?:other|different|another|wrong) {_PERSON}|salary of|names? of other)"
    ),
    "order to act": (
        r"(?:please (?:also )?(?:cancel|refund|change|send it|send the|delete|remove|block|stop"
        r"|close|move"
        r"|transfer|give|grant"
        r"|unlock|create|replace|confirm|activate|call)|(?:can|could"
        r"|would) you (?:please )?(?:cancel|refund"
        r"|change|delete"
        r"|remove|block|stop|unlock|move|transfer|give|grant|activate|call)|cancel my order"
        r"|admin\w*)"
    ),
    "automatic": (
        r"(?:i am (?:away|out of (?:the )?office|on leave) until|undeliver\w+"
        r"|delivery status notification)"
    ),
    "cause": r"(?:why|what happened|how come)",
}
LONG_MESSAGE_WORDS = 150
"""Words from which a message is itself an obstacle: it says more than these signs cover."""

_INDEX = WordIndex()
"""Tells by its words which patterns a sentence could match, so that the others are not tried."""


class _Sign(NamedTuple):
    """One alternative of a sign's pattern, and the bits of the words it needs."""

    needs: int
    name: str
    regex: re.Pattern[str]


def _compile_signs(name: str, pattern: str) -> Iterator[_Sign]:
    """The alternatives of a pattern that is one group."""
    for alternative in split_alternatives(
        pattern.removeprefix("(?:").removesuffix(")")
    ):
        whole = rf"(?:{alternative})\b"
        yield _Sign(
            _INDEX.index_words((*required_words(alternative), *required_words(whole))),
            name,
            re.compile(rf"\b{whole}"),
        )


_DENIAL = re.compile(rf"\b(?=[cdfhijnopstw]){_DENIED}")
_DENIAL_WORDS = _INDEX.index_words(required_words(_DENIED))
_COMPILED = tuple(
    sign for name, pattern in _SIGNS.items() for sign in _compile_signs(name, pattern)
)


def remove_denials(sentence: str) -> str:
    """A sentence, as text/sentences.py spells it, without what it denies or only supposes."""
    return _DENIAL.sub(" ", sentence)


def find_obstacles(text: str) -> frozenset[str]:
    """The kinds of signs found in a text; empty when an article may answer it."""
    found = {"long"} if len(text.split()) > LONG_MESSAGE_WORDS else set[str]()
    sentences = normalise_sentences(text)
    words = [_INDEX.find_bits(sentence) for sentence in sentences]
    anywhere = reduce(int.__or__, words, 0)
    possible = [sign for sign in _COMPILED if sign.needs & anywhere == sign.needs]
    for sentence, present in zip(sentences, words, strict=True):
        left = remove_denials(sentence) if _DENIAL_WORDS & present else sentence
        for needs, name, regex in possible:
            if needs & present == needs and name not in found and regex.search(left):
                found.add(name)
    return frozenset(found)
