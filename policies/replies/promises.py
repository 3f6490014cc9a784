"""Promises of time, guarantees and admissions in the model's own words."""

import re
from collections.abc import Iterator, Sequence

from policies.replies.trusted import TrustedContent, find_date_keys
from text.reply import quote_values

_COUNT = (
    r"(?:\d+(?:[.,-]\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty"
    r"|thirty|forty|sixty"
    r"|half an"
    r"|few|couple of|several|next|coming|the next|the same|same)"
)
_UNIT = (
    r"(?:minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|(?:business|working) (?:days?"
    r"|hours?))"
)
_ABOUT = r"(?:(?:the |a |about |at most |less than |under |max\.? |only |around )*)"
_SPAN = rf"(?:{_ABOUT}{_COUNT}(?: (?:to|or|-) {_COUNT})? ?(?:\w+ )?{_UNIT}\b)"
_DAY = (
    r"(?:today|tonight|tomorrow|(?:this|next) (?:morning|afternoon|evening|week|month|year"
    r"|monday|tuesday|wednesday"
    r"|thursday"
    r"|friday|saturday|sunday)|monday|tuesday|wednesday|thursday|friday|saturday|sunday|noon"
    r"|midnight"
    r"|close of business|cob|eod"
    r"|(?:the )?end of (?:the |this )?(?:day|week|month|business)|\d{1,2}(?::\d\d)? ?(?:am|pm"
    r"|o'clock)\b"
    r"|\d{1,2}:\d\d)"
)
_WITHIN = re.compile(
    rf"\b(?:within|in under|in less than|no later than|at the latest|not later than) (?:{_SPAN}"
    rf"|{_DAY})"
)
_AHEAD = re.compile(
    r"(?:\b(?:will|shall|going to|promise\w*|guarantee\w*|commit\w*|expect(?: it| this| that"
    r"| to)?|should (?:be|have"
    r"|hear|receive|arrive))"
    r"|'ll)\b"
)
_WHEN = re.compile(
    rf"\b(?:in|by|before|until|after|on) (?:{_SPAN}|{_DAY})|\b{_DAY}|\b(?:immediately"
    r"|right away|straight ?away"
    rf"|at once|instantly)\b"
)
_OTHER_LANGUAGES = re.compile(
    r"\b(?:innerhalb|binnen|in(?:nerhalb)? von|bis|spatestens|sous|dans (?:les|un delai)|d'ici"
    r"|en menos de|dentro de"
    r"|en un plazo"
    r"|entro|tra|em ate|dentro de|w ciagu)\b[^.!?]{0,20}\b(?P<count>\d+) ?(?:stunden?|tage\w*"
    r"|minuten?|wochen?"
    r"|heures?|jours?|minutes"
    r"|semaines?|horas?|dias?|semanas?|ore|giorni|settimane|minuti|minutos|uur|dagen|weken"
    r"|godzin\w*|dni|tygodni\w*)"
)
_PAST = re.compile(r"\byour? [^.]{0,40}\b(?:of|from) (?:today|yesterday)\b")

_GUARANTEE = re.compile(
    r"\b(?:we|i|our \w+)(?: (?:can|will|do|hereby|fully|personally|also))*(?:'ll)? (?:guarantee"
    r"|warrant|promise"
    r"|assure|ensure you)\b"
    r"|\b(?:is|are|be|fully|100 ?%) guaranteed\b|\bguaranteed (?:to|by|that)\b"
    r"|\byou have our (?:word|guarantee"
    r"|promise)\b"
    r"|\b(?:this|it|that) (?:will|shall) (?:never|not) happen again\b|\bnever happens? again\b"
)
_ADMISSION = re.compile(
    r"\b(?:liable|liabilit(?:y|ies)|negligen\w+|at fault|legally|lawsuit|breach of (?:contract"
    r"|duty|law|the)"
    r"|in breach|legal (?:claims?|action|rights?)"
    r"|damages|out of court|sue|suing)\b"
    r"|\b(?:our|entirely our|all our) (?:own )?(?:fault|mistake|negligence|failure|error"
    r"|wrongdoing)\b"
    r"|\b(?:error|mistake|fault|failure) on our (?:side|part|end)\b"
    r"|\b(?:we|i)(?: (?:fully|hereby|must|have to|do))* (?:admit|acknowledge (?:our|that we"
    r"|fault))\b"
    r"|\b(?:accept|take|assume|bear)s? (?:the |all |any |full |complete )*(?:responsibility"
    r"|blame|liability)\b"
    r"|\b(?:you are|you're) (?:legally )?entitled to\b|\b(?:haftung|schuldhaft|unsere schuld"
    r"|responsabilite juridique)\b"
)
_DENIED = re.compile(
    r"(?:\b(?:not|cannot|never|no|neither|nor|unable to)|n't)(?: \w+){0,2} $"
)


def find_time_promises(
    sentences: Sequence[str],
    numbers_of_timeline: frozenset[str],
    trusted: TrustedContent,
) -> Iterator[str]:
    """Times that the desk's SLA does not say.

    `numbers_of_timeline` are the counts in the desk's own timelines: the "24" of "24 hours".
    """
    found = [
        sentence
        for sentence in sentences
        if _promises_time(sentence, numbers_of_timeline, trusted)
    ]
    if found:
        yield f"The reply promises a time that is not the SLA's: {quote_values(found)}."


def find_guarantees(sentences: Sequence[str]) -> Iterator[str]:
    """Guarantees, and whatever could be held against the desk in court."""
    if found := [
        sentence for sentence in sentences if _matches_undenied(_GUARANTEE, sentence)
    ]:
        yield f"The reply guarantees something that no cited source says: {quote_values(found)}."
    if found := [
        sentence for sentence in sentences if _matches_undenied(_ADMISSION, sentence)
    ]:
        yield f"The reply speaks of fault, liability or legal rights: {quote_values(found)}."


def _promises_time(
    sentence: str, known: frozenset[str], trusted: TrustedContent
) -> bool:
    if other := _OTHER_LANGUAGES.search(sentence):
        return other["count"] not in known
    if _WITHIN.search(sentence):
        return True
    if not _AHEAD.search(sentence) or _PAST.search(sentence):
        return False
    strange_date = not trusted.repeatable.dates.issuperset(find_date_keys(sentence))
    return strange_date or bool(_WHEN.search(sentence))


def _matches_undenied(pattern: re.Pattern[str], sentence: str) -> bool:
    return any(
        not _DENIED.search(sentence[: match.start()][-40:])
        for match in pattern.finditer(sentence)
    )
