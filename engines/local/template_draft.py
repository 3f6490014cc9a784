"""Replies from the desk's templates and the sources found. Nothing in them is invented."""

from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from engines.reply_frame import ReplyFrame, build_frame, number_items, suggest_actions
from nodes.services import DraftBrief
from policies.desk.model import Desk

MIN_SOURCE_SIMILARITY = 0.45
"""Similarity from which a source may be quoted to the customer."""

SAME_CATEGORY_BONUS = 0.05
"""Added to the similarity of a source of the ticket's own category when sources are ranked."""

GRAVE_SEVERITIES = ("critical", "high")
"""Severities at which no source is quoted: a person has to look at what happened first."""

IDENTIFIER_FIELDS = ("order_id", "error_code", "product_name")
"""Fields that the acknowledgment repeats, so that the customer sees what was understood."""


def draft_reply(brief: DraftBrief, desk: Desk) -> Draft:
    """The reply in the brief's tone. Pure."""
    severity = brief.classification.severity
    source = (
        None
        if severity in GRAVE_SEVERITIES
        else pick_usable_source(brief.sources, brief.classification.category)
    )
    frame = build_frame(brief, desk, answered=source is not None)
    if not brief.actionable:
        return draft_clarification(desk, frame)
    category = (source and source.category) or brief.classification.category
    acknowledgment, explanation, items = fill_templates(
        brief, desk, frame, source, category
    )
    paragraphs = (
        frame.greeting,
        acknowledgment,
        explanation,
        number_items(items),
        frame.questions,
        frame.timeline,
        frame.closing,
    )
    return Draft(
        content="\n\n".join(filter(None, paragraphs)),
        tone=frame.tone,
        template_used=f"{desk.id}/{category}/{frame.tone}",
        greeting=frame.greeting,
        acknowledgment=acknowledgment,
        explanation=explanation,
        action_items=items,
        timeline=frame.timeline,
        closing=frame.closing,
        suggested_actions=suggest_actions(brief, desk, source),
        requires_escalation=severity == "critical",
        sources=(source.id,) if source else (),
        unsupported=() if source else items,
        engine="local",
    )


def fill_templates(
    brief: DraftBrief,
    desk: Desk,
    frame: ReplyFrame,
    source: Source | None,
    category: str,
) -> tuple[str, str, tuple[str, ...]]:
    """Acknowledgment, explanation and steps; the last two are the source's where there is one."""
    parts = desk.replies.tones[frame.tone]
    issue = desk.replies.acknowledgments.get(category, "your message")
    acknowledgment = parts.acknowledgment.format(
        issue=issue + describe_identifiers(brief.extraction)
    )
    if source:
        return acknowledgment, f"{parts.source_intro} {source.excerpt}", source.steps
    return acknowledgment, parts.no_source, desk.replies.next_steps.get(category, ())


def draft_clarification(desk: Desk, frame: ReplyFrame) -> Draft:
    """The reply to a ticket with nothing to act on: it asks for details."""
    text = desk.replies.tones[frame.tone].unclear
    return Draft(
        content="\n\n".join((frame.greeting, text, frame.closing)),
        tone=frame.tone,
        template_used=f"{desk.id}/unclear/{frame.tone}",
        greeting=frame.greeting,
        explanation=text,
        closing=frame.closing,
        suggested_actions=(
            "Wait for the customer's details; nothing can be done before.",
        ),
        engine="local",
    )


def pick_usable_source(sources: tuple[Source, ...], category: str) -> Source | None:
    """The most similar source above `MIN_SOURCE_SIMILARITY`, own category preferred.

    None when no source is similar enough.
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
    """At most four identifiers found in the ticket, in brackets; empty when there are none."""
    values = [
        str(value) for name in IDENTIFIER_FIELDS for value in extraction.values(name)
    ]
    return f" ({', '.join(values[:4])})" if values else ""
