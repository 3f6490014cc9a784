"""Replies from the desk's templates and the sources found. Nothing in them is invented."""

from typing import NamedTuple

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.values import Tone
from nodes.services import DraftBrief
from policies.desk.model import Desk
from policies.desk.sla import duration_in_words
from policies.desk.wording import ReplyParts

MIN_SOURCE_SIMILARITY = 0.45
"""Similarity from which a source is close enough to be told to the customer."""

SAME_CATEGORY_BONUS = 0.05
"""How much closer a source must be than one of the ticket's own category."""

GRAVE_SEVERITIES = ("critical", "high")
"""Severities at which the customer is told nothing from the shelf.

What happened has to be looked at.
"""

TITLES = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "professor",
        "sir",
        "madam",
        "herr",
        "frau",
    }
)

IDENTIFIER_FIELDS = ("order_id", "error_code", "product_name")
"""Fields that the acknowledgment repeats, so that the customer sees what was understood."""


class ReplyFrame(NamedTuple):
    """What stands around an answer: the desk's own words, with trusted values only."""

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
    time = duration_in_words(
        desk.severity_level(brief.classification.severity).sla_hours
    )
    return ReplyFrame(
        tone=tone,
        greeting=parts.greeting_named.format(name=name) if name else parts.greeting,
        questions=""
        if answered
        else list_missing_fields(brief.extraction, desk, parts),
        timeline=(parts.if_not_solved if answered else parts.timeline).format(
            time=time
        ),
        closing=parts.closing.format(signature=desk.replies.signature),
    )


def draft_reply(brief: DraftBrief, desk: Desk) -> Draft:
    """The reply in the brief's tone. Pure."""
    level = desk.severity_level(brief.classification.severity)
    source = (
        None
        if level.id in GRAVE_SEVERITIES
        else pick_usable_source(brief.sources, brief.classification.category)
    )
    tone, greeting, asks, timeline, closing = build_frame(
        brief, desk, answered=source is not None
    )
    parts = desk.replies.tones[tone]
    if not brief.actionable:
        return draft_clarification(tone, desk, parts, greeting, closing)
    category = (
        source.category if source and source.category else brief.classification.category
    )
    issue = desk.replies.acknowledgments.get(category, "your message")
    acknowledgment = parts.acknowledgment.format(
        issue=issue + describe_identifiers(brief.extraction)
    )
    explanation = (
        f"{parts.source_intro} {source.excerpt}" if source else parts.no_source
    )
    items = source.steps if source else desk.replies.next_steps.get(category, ())
    paragraphs = (
        greeting,
        acknowledgment,
        explanation,
        number_items(items),
        asks,
        timeline,
        closing,
    )
    return Draft(
        content="\n\n".join(paragraph for paragraph in paragraphs if paragraph),
        tone=tone,
        template_used=f"{desk.id}/{category}/{tone}",
        greeting=greeting,
        acknowledgment=acknowledgment,
        explanation=explanation,
        action_items=items,
        timeline=timeline,
        closing=closing,
        suggested_actions=suggest_actions(brief, desk, source),
        requires_escalation=level.id == "critical",
        sources=(source.id,) if source else (),
        unsupported=() if source else items,
        engine="local",
    )


def find_requested_tone(guidance: str | None) -> Tone | None:
    """The tone that a reviewer's guidance names.

    It is all of the guidance that templates can follow.
    """
    words = (guidance or "").casefold()
    wishes: dict[str, Tone] = {
        "formal": "formal",
        "friendl": "friendly",
        "warm": "friendly",
        "technical": "technical",
    }
    return next(
        (
            tone
            for word, tone in wishes.items()
            if word in words and f"less {word}" not in words
        ),
        None,
    )


def draft_clarification(
    tone: Tone, desk: Desk, parts: ReplyParts, greeting: str, closing: str
) -> Draft:
    """The reply to a ticket with nothing to act on: it asks for details."""
    return Draft(
        content="\n\n".join((greeting, parts.unclear, closing)),
        tone=tone,
        template_used=f"{desk.id}/unclear/{tone}",
        greeting=greeting,
        explanation=parts.unclear,
        closing=closing,
        suggested_actions=(
            "Wait for the customer's details; nothing can be done before.",
        ),
        engine="local",
    )


def pick_first_name(name: str | None) -> str | None:
    """What to call the customer; None for a name that is not one.

    Every part of it is made of letters.
    """
    parts = [
        part
        for part in (name or "").split()
        if part.casefold().strip(".") not in TITLES
    ]
    like_a_name = all(
        len(part) <= 40 and all(c.isalpha() or c in "-'’." for c in part)
        for part in parts
    )
    if not parts or not like_a_name or len(parts[0].strip(".")) < 2:
        return None
    return parts[0].capitalize() if parts[0].isupper() else parts[0]


def pick_usable_source(sources: tuple[Source, ...], category: str) -> Source | None:
    """The best source that is close enough.

    One of the ticket's own category before a hardly closer other.
    """
    close = [source for source in sources if source.score >= MIN_SOURCE_SIMILARITY]
    return max(
        close,
        key=lambda source: (
            source.score + SAME_CATEGORY_BONUS * (source.category == category)
        ),
        default=None,
    )


def describe_identifiers(extraction: Extraction) -> str:
    """The identifiers that were read, in brackets after the issue."""
    values = [
        str(value) for name in IDENTIFIER_FIELDS for value in extraction.values(name)
    ]
    return f" ({', '.join(values[:4])})" if values else ""


def list_missing_fields(extraction: Extraction, desk: Desk, parts: ReplyParts) -> str:
    """Asks for what is required and missing, never for what was given."""
    missing = [
        field for field in desk.fields if field.name in extraction.missing_required
    ]
    items = [
        field.ask or field.title
        for field in missing
        if not extraction.values(field.name)
    ]
    return parts.ask.format(items=", ".join(items)) if items else ""


def number_items(items: tuple[str, ...]) -> str:
    """The items as a numbered list."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))


def suggest_actions(
    brief: DraftBrief, desk: Desk, source: Source | None
) -> tuple[str, ...]:
    """What the agent can do, the reviewer's guidance first."""
    own = desk.replies.agent_actions.get(brief.classification.category, ())
    guidance = (f"Reviewer's guidance: {brief.guidance}",) if brief.guidance else ()
    known = (
        (f"Check against {source.kind.replace('_', ' ')} {source.id}: {source.title}.",)
        if source
        else ()
    )
    return (*guidance, *known, *own)
