"""The frame of a reply: greeting, questions, timeline and closing in the desk's own words.

Both engines use it: the local one around a template, the model engine around what the
model wrote.
"""

from typing import NamedTuple

from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.values import Tone
from nodes.services import DraftBrief
from policies.desk.model import Desk
from policies.desk.sla import duration_in_words
from policies.desk.wording import ReplyParts

TITLE_WORDS = "mr mrs ms miss mx dr prof professor sir madam herr frau"
TITLES = frozenset(TITLE_WORDS.split())


class ReplyFrame(NamedTuple):
    """The desk's sentences around an answer. Filled from trusted values only."""

    tone: Tone
    greeting: str
    questions: str
    timeline: str
    closing: str


def build_frame(brief: DraftBrief, desk: Desk, *, answered: bool) -> ReplyFrame:
    """The frame of a reply; one that is `answered` by a source asks for nothing.

    Times come from the SLA.
    """
    tone = find_requested_tone(brief.guidance) or brief.tone
    parts = desk.replies.tones[tone]
    name = pick_first_name(brief.ticket.customer_name)
    level = desk.severity_level(brief.classification.severity)
    timeline = parts.if_not_solved if answered else parts.timeline
    return ReplyFrame(
        tone=tone,
        greeting=parts.greeting_named.format(name=name) if name else parts.greeting,
        questions=""
        if answered
        else list_missing_fields(brief.extraction, desk, parts),
        timeline=timeline.format(time=duration_in_words(level.sla_hours)),
        closing=parts.closing.format(signature=desk.replies.signature),
    )


def find_requested_tone(guidance: str | None) -> Tone | None:
    """The tone that a reviewer's guidance names; None when it names none.

    Templates can follow nothing else of the guidance.
    """
    words = (guidance or "").casefold()
    tones: dict[str, Tone] = {
        "formal": "formal",
        "friendl": "friendly",
        "warm": "friendly",
        "technical": "technical",
    }
    for word, tone in tones.items():
        if word in words and f"less {word}" not in words:
            return tone
    return None


def pick_first_name(name: str | None) -> str | None:
    """The first name to greet the customer by, without titles.

    None unless every part of the name looks like one: at most 40 letters, hyphens,
    apostrophes and full stops. Names are what the customer typed, and may be anything.
    """
    parts = [
        part
        for part in (name or "").split()
        if part.casefold().strip(".") not in TITLES
    ]
    if not parts or not all(map(_is_name_part, parts)):
        return None
    first = parts[0]
    if len(first.strip(".")) < 2:
        return None
    return first.capitalize() if first.isupper() else first


def _is_name_part(part: str) -> bool:
    return len(part) <= 40 and all(c.isalpha() or c in "-'’." for c in part)


def list_missing_fields(extraction: Extraction, desk: Desk, parts: ReplyParts) -> str:
    """The sentence that asks for required fields that are missing; empty when none is."""
    items = [
        field.ask or field.title
        for field in desk.fields
        if field.name in extraction.missing_required
        and not extraction.values(field.name)
    ]
    return parts.ask.format(items=", ".join(items)) if items else ""


def number_items(items: tuple[str, ...]) -> str:
    """The items as a numbered list, one a line."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))


def suggest_actions(
    brief: DraftBrief, desk: Desk, source: Source | None
) -> tuple[str, ...]:
    """Actions for the agent: the reviewer's guidance, the source to check, the desk's own."""
    own = desk.replies.agent_actions.get(brief.classification.category, ())
    guidance = (f"Reviewer's guidance: {brief.guidance}",) if brief.guidance else ()
    known = (
        (f"Check against {source.kind.replace('_', ' ')} {source.id}: {source.title}.",)
        if source
        else ()
    )
    return (*guidance, *known, *own)
