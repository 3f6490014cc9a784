"""Replies from the desk's templates and the sources found. Nothing in them is invented."""

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from nodes.services import DraftBrief
from policies.desk import Desk, ReplyParts
from policies.sla import in_words

USE_FROM = 0.45
"""Similarity from which a source is close enough to be told to the customer."""

SAME_CATEGORY = 0.05
"""How much closer a source must be than one of the ticket's own category."""

NAMED = ("order_id", "error_code", "product_name")
"""Fields that the acknowledgment repeats, so that the customer sees what was understood."""


def draft_reply(brief: DraftBrief, desk: Desk) -> Draft:
    """The reply in the brief's tone. Pure."""
    parts = desk.replies.tones[brief.tone]
    name = first_name(brief.ticket.customer_name)
    greeting = parts.greeting_named.format(name=name) if name else parts.greeting
    closing = parts.closing.format(signature=desk.replies.signature)
    if not brief.actionable:
        return unclear(brief, desk, parts, greeting, closing)
    category = brief.classification.category
    level = desk.severity(brief.classification.severity)
    source = usable(brief.sources, category)
    issue = desk.replies.acknowledgments.get(category, "your message")
    acknowledgment = parts.acknowledgment.format(issue=issue + understood(brief.extraction))
    explanation = f"{parts.source_intro} {source.excerpt}" if source else parts.no_source
    items = source.steps if source and source.steps else desk.replies.next_steps.get(category, ())
    asks = asked_for(brief.extraction, desk, parts)
    timeline = parts.timeline.format(time=in_words(level.sla_hours))
    paragraphs = (greeting, acknowledgment, explanation, numbered(items), asks, timeline, closing)
    return Draft(
        content="\n\n".join(paragraph for paragraph in paragraphs if paragraph),
        tone=brief.tone,
        template_used=f"{desk.id}/{category}/{brief.tone}",
        greeting=greeting,
        acknowledgment=acknowledgment,
        explanation=explanation,
        action_items=items,
        timeline=timeline,
        closing=closing,
        suggested_actions=suggestions(brief, desk, source),
        requires_escalation=level.id == "critical",
        sources=(source.id,) if source else (),
        engine="local",
    )


def unclear(brief: DraftBrief, desk: Desk, parts: ReplyParts, greeting: str, closing: str) -> Draft:
    """The reply to a ticket with nothing to act on: it asks for details."""
    return Draft(
        content="\n\n".join((greeting, parts.unclear, closing)),
        tone=brief.tone,
        template_used=f"{desk.id}/unclear/{brief.tone}",
        greeting=greeting,
        explanation=parts.unclear,
        closing=closing,
        suggested_actions=("Wait for the customer's details; nothing can be done before.",),
        engine="local",
    )


def first_name(name: str | None) -> str | None:
    """What to call the customer; None for a name that is not one."""
    first = (name or "").strip().split(" ")[0]
    return first if first and len(first) <= 40 and all(c.isalpha() or c in "-'’." for c in first) else None


def usable(sources: tuple[Source, ...], category: str) -> Source | None:
    """The best source that is close enough; one of the ticket's own category before a hardly closer other."""
    close = [source for source in sources if source.score >= USE_FROM]
    return max(close, key=lambda source: source.score + SAME_CATEGORY * (source.category == category), default=None)


def understood(extraction: Extraction) -> str:
    """The identifiers that were read, in brackets after the issue."""
    values = [str(value) for name in NAMED for value in extraction.values(name)]
    return f" ({', '.join(values[:4])})" if values else ""


def asked_for(extraction: Extraction, desk: Desk, parts: ReplyParts) -> str:
    """Asks for what is required and missing, never for what was given."""
    missing = [field for field in desk.fields if field.name in extraction.missing_required]
    items = [field.ask or field.title for field in missing if not extraction.values(field.name)]
    return parts.ask.format(items=", ".join(items)) if items else ""


def numbered(items: tuple[str, ...]) -> str:
    """The items as a numbered list."""
    return "\n".join(f"{number}. {item}" for number, item in enumerate(items, start=1))


def suggestions(brief: DraftBrief, desk: Desk, source: Source | None) -> tuple[str, ...]:
    """What the agent can do, the reviewer's guidance first."""
    own = desk.replies.agent_actions.get(brief.classification.category, ())
    guidance = (f"Reviewer's guidance: {brief.guidance}",) if brief.guidance else ()
    known = (f"Check against {source.kind.replace('_', ' ')} {source.id}: {source.title}.",) if source else ()
    return (*guidance, *known, *own)
