"""Courtesies: phrases that state and promise nothing.

A closed list, because a courtesy that continues in words of its own may state something.
"""

import re
from typing import Final

_MATTER: Final = (
    r"(?:the|this|that|any|all the|your) (?:trouble|inconvenience|problems?"
    r"|issues?|delay|confusion|wait|situation)"
)
_FOR: Final = (
    r"(?:(?:contacting|writing to|reaching out to|telling|informing"
    r"|letting) us(?: know)?(?: about this)?|reaching out"
    r"|waiting|your (?:message|patience|understanding|report|question|feedback|interest|idea"
    r"|suggestion))"
)
_CAUSED: Final = r"(?: (?:this|it) (?:has caused|caused|causes)(?: you)?)?"
_ABOUT: Final = r"(?:for|about|to hear (?:about|of))"
_HARD: Final = r"(?:frustrating|annoying|worrying)"
_PHRASES: Final = (
    r"(?:dear customer|hello|hi)",
    rf"(?:many )?thank(?:s| you)(?: very much| so much)?(?: for {_FOR})?",
    (
        r"(?:(?:we(?: are|'re)|i am|i'm) )?(?:very |so |really "
        rf"|truly )?sorry(?: {_ABOUT} {_MATTER}{_CAUSED})?"
    ),
    rf"(?:we apologi[sz]e|our apologies|apologies) for {_MATTER}{_CAUSED}",
    rf"we understand(?: how {_HARD} (?:this|it|that) (?:is|must be|can be))?",
    rf"we understand that (?:this|it|that) (?:is|must be|can be) {_HARD}",
)
_COURTESY: Final = re.compile("|".join(_PHRASES), re.IGNORECASE)
_SILENT: Final = re.compile(r"[\s.,!?…:;'\"()–—-]*")

ACKNOWLEDGING_PATTERN: Final = re.compile(
    r"^\s*(?:thank(?:s| you) for (?:telling us|letting us know|informing us|contacting us"
    r"|writing to us|your message"
    r"|your report)(?: about| that| regarding)?|(?:we|i) (?:understand|see|have read"
    r"|have received|received|note)"
    r"(?: that| your)?|we (?:are|'re) sorry(?: to hear)?(?: about| that| for)?"
    r"|you (?:tell|told|write|wrote|say|said) us(?: that)?)\b",
    re.IGNORECASE,
)
"""How a sentence begins that repeats what the customer said."""


def is_courtesy(sentence: str) -> bool:
    """Whether a sentence states and promises nothing."""
    return bool(
        _SILENT.fullmatch(sentence) or _COURTESY.fullmatch(sentence.strip(" .!?,…"))
    )
