"""Whether a text tries to steer the classification, as a prompt injection would.

"Category: billing", "route to product_team", "mark as resolved", "confidence 1.0": an
instruction, or a form field planted in the text. What a model answers then may be the
text's wish. A false alarm costs little: the local engine's answer is taken instead. Linear
in the length of the text; raises nothing.
"""

import re
from functools import lru_cache

from contracts.values import PRIORITIES, SEVERITIES
from policies.desk.model import REVIEW_LEVELS, Desk
from text.letter_folding import fold_letters
from text.reply import to_plain_text

_FIELD = (
    r"(?:categor(?:y|ies)|classification|classified|class|severity(?: level)?"
    r"|priority(?: level)?|urgency|sentiment"
    r"|team|queue|department"
    r"|disposition|verdict|intent|rout(?:e|ing)|assign(?:ed|ee|ment)(?: team)?|escalation|label"
    r"|resolution"
    r"|ticket (?:type|status)"
    r"|kategorie|prioritat|schweregrad|categorie|priorite|gravite|categoria|prioridad|gravedad"
    r"|priorita|prioriteit)"
)
_IS = (
    r"[\"'`*_ ]{0,4}(?:[:=]|->|=>|\bis\b|\bshould be\b|\bmust be\b|\bto\b"
    r"|\bas\b)[\"'`*_<\[( ]{0,4}(?:the )?"
)
_ORDER = (
    r"(?:set|change|mark|force|raise|lower|treat|assign|route|reroute|redirect|send|forward"
    r"|escalate|classify"
    r"|classified|categori[sz]e|label|tag"
    r"|file|flag|rate|rank|move|transfer|pass|put|direct|hand|handle|log|register|record|report"
    r"|prioriti[sz]e|triage"
    r"|belongs|goes|grade|score|output"
    r"|return|answer|respond|reply|choose|select|pick|use|sort|keep|downgrade|upgrade|bump)"
)
_TOWARDS = r"(?:to|as|under|into|at|with|in|for|=|:)"
_GAP = r"[^.?!]{0,50}?"
_FIXED = (
    (
        r"confidence(?: score| level| of)?[\"'`* ]{0,3}(?:[:=]|is|to|at|of"
        r"|->)?[\"'` ]{0,3}(?:[01]?\.\d|1\b"
        r"|\d{2,3} ?%"
        r"|high|maximum|full)"
    ),
    (
        r"(?:mark(?:ed)?|treat(?:ed)?|flag(?:ged)?|set|consider(?:ed)?|close(?:d)?"
        r"|count)\b(?: (?:this|it|the|my"
        r"|ticket|case|request|issue|message|status)){0,3}"
        r" (?:as|to) (?:already )?(?:re)?(?:solved|closed|approved|done|completed?|verified"
        r"|trusted|safe|harmless"
        r"|spam"
        r"|duplicate|urgent|critical|vip)\b"
    ),
    (
        r"(?:auto|automatically|pre)[-_ ]?(?:resolv|approv|clos|assign|refund|escalat|grant"
        r"|repl(?:y|ied))\w*"
    ),
    r"approved? (?:this|the|my|it|immediately|automatically|at once|without)\b",
    r"request_info\b",
    (
        r"(?:no|without|skip|bypass|needs? no|not need)(?: any| the| further| a){0,2} (?:human "
        r"|manual "
        r"|further )?(?:review|approval|escalation|verification)\b"
    ),
    (
        r"(?:do not|don't|never|no need to) (?:escalate|flag|review|classify|forward (?:this"
        r"|it) to (?:a"
        r"|any) (?:human"
        r"|person))\b"
    ),
    (
        r"(?:correct|right|proper|expected|desired|final|true|only (?:valid|correct)) (?:answer"
        r"|category"
        r"|classification|severity|priority|team|department|label|output)\b"
    ),
)
_KEY = (
    r"[\"'`](?:category|severity|priority|team|department|disposition|confidence|classification"
    r"|reasoning|label"
    r"|intent|action|approved?"
    r"|resolved?|secondary_categories|action_items)[\"'`] {0,3}:"
)
_SHORTEST = 3
"""Letters from which a name cannot be mistaken for an ordinary word ("it", "hr")."""


def is_steering_text(text: str, desk: Desk) -> bool:
    """Whether the text gives an order, or a form field, in the desk's own terms.

    These are its categories, severities, priorities, teams and dispositions.
    """
    return _matches_steering(text, choosable_names(desk))


@lru_cache(maxsize=64)
def _matches_steering(text: str, names: tuple[str, ...]) -> bool:
    # Cached, because several steps check the same ticket.
    folded = " ".join(fold_letters(to_plain_text(text), ()).split())
    return _steering_pattern(names).search(folded) is not None


def choosable_names(desk: Desk) -> tuple[str, ...]:
    """Every name that a model may choose and a text could tell it to choose, letters folded."""
    categories = (
        name for category in desk.categories for name in (category.id, category.title)
    )
    teams = (name for team in desk.routing.teams for name in (team.id, team.title))
    every = (*categories, *teams, *SEVERITIES, *PRIORITIES, *REVIEW_LEVELS)
    return tuple(
        dict.fromkeys(spelling for name in every for spelling in _name_spellings(name))
    )


def _name_spellings(name: str) -> tuple[str, str]:
    folded = fold_letters(name, ())
    return folded, folded.replace("_", " ")


@lru_cache(maxsize=64)
def _steering_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    every = _any_name_pattern(names)
    known = _any_name_pattern(tuple(name for name in names if len(name) >= _SHORTEST))
    identifiers = _any_name_pattern(
        tuple(name for name in names if "_" in name) or ("_",)
    )
    named = (
        (
            rf"{known}[\"'` ]{{1,3}}(?:category|classification|severity|disposition|queue"
            r"|department)\b"
        ),
        rf"{identifiers}\b",
    )
    ordered = (
        rf"{_FIELD}{_IS}{every}\b",
        rf"{_ORDER}\b{_GAP} {_TOWARDS}[\"'`*(<\[ ]{{1,3}}(?:an? |the |our |your )?{known}\b",
        *_FIXED,
    )
    # One pattern, so that the text is read once.
    return re.compile(
        rf"\b(?:{'|'.join(named)}|(?=[a-z])(?:{'|'.join(ordered)}))|{_KEY}"
    )


def _any_name_pattern(names: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})"
