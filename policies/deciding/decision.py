"""Puts the whole decision on one ticket together: disposition, route and due time. Pure."""

import re
from collections.abc import Sequence
from typing import Any

from contracts.classification import Classification
from contracts.decision import Decision, Reason
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Duplicate, Original, Source
from contracts.ticket import CleanTicket, Ticket
from contracts.values import SEVERITIES, Disposition, Severity
from policies.deciding.actionable import is_actionable
from policies.deciding.disposition import Facts, decide_disposition
from policies.deciding.routing import route_ticket
from policies.desk.model import Desk
from policies.desk.sla import due_at
from policies.severity.assess import SeverityVerdict
from policies.severity.obstacles import find_obstacles

REPLY_SUBJECT = re.compile(r"\s*(?:re|aw|antw|fwd?|wg|sv|tr)\s*:", re.IGNORECASE)
"""How the subject of a reply or of a forwarded message begins."""

REPLYING: tuple[Disposition, ...] = ("auto_resolve", "request_info")
"""Dispositions that send a reply without a person."""


def decide_ticket(
    desk: Desk,
    ticket: Ticket,
    clean: CleanTicket,
    classification: Classification | None,
    extraction: Extraction | None,
    sources: Sequence[Source],
    draft: Draft | None,
    *,
    degraded: bool,
    redraft: bool = False,
) -> Decision:
    """Decide on a ticket. An unknown input (None) counts as a reason for a person."""
    facts = collect_facts(
        clean, classification, extraction, sources, draft, degraded=degraded
    )
    verdict = decide_disposition(facts, desk.disposition)
    disposition, reasons = limit_to_draft(verdict.disposition, draft, redraft=redraft)
    return compose_decision(
        desk,
        ticket,
        disposition,
        (*verdict.reasons, *reasons),
        facts.category,
        classification.severity if classification else "medium",
        classification.category_confidence if classification else 0.0,
    )


def limit_to_draft(
    disposition: Disposition, draft: Draft | None, *, redraft: bool
) -> tuple[Disposition, tuple[Reason, ...]]:
    """The disposition after a look at the draft, and the reasons that the draft adds.

    No reply is sent without a person when there is none, when it has warnings, or when a
    person asked for it (`redraft`).
    """
    reasons: list[Reason] = []
    if redraft:
        text = "A person asked for another draft and sees it before it is sent."
        reasons.append(Reason(rule="redraft", text=text))
        disposition = "escalate"
    elif draft is None and disposition in REPLYING:
        reasons.append(Reason(rule="no-draft", text="There is no reply to send."))
        disposition = "assign"
    if draft and draft.warnings:
        reasons += [Reason(rule="draft-warning", text=text) for text in draft.warnings]
        disposition = "assign" if disposition in REPLYING else disposition
    return disposition, tuple(reasons)


def decide_duplicate(
    desk: Desk,
    ticket: Ticket,
    duplicate: Duplicate,
    original: Original,
    evidence: SeverityVerdict,
) -> Decision:
    """A repeated message joins its original; one that tells of worse goes to a person."""
    worse = original.severity is not None and (
        SEVERITIES.index(evidence.severity) > SEVERITIES.index(original.severity)
        and bool(evidence.critical)
    )
    disposition, rule, text = decide_repeated_message(
        duplicate.ticket_id, worse=worse, answered=original.answered
    )
    severity = evidence.severity if worse else (original.severity or evidence.severity)
    reason = Reason(rule=rule, text=text)
    decision = compose_decision(
        desk, ticket, disposition, [reason], None, severity, duplicate.score
    )
    if worse or not original.team:
        return decision
    team = desk.find_team(original.team)
    joined = Reason(
        rule="original-team",
        text=f"{team.title} has the ticket that this one joins.",
    )
    return decision.model_copy(
        update={
            "team": team.id,
            "escalation_path": team.escalation_path,
            "alternative_teams": (),
            "reasons": (reason, joined),
            "reasoning": f"{reason.text} {joined.text}",
        }
    )


def decide_repeated_message(
    original_id: str, *, worse: bool, answered: bool
) -> tuple[Disposition, str, str]:
    """The disposition of a repeated message, the rule's id, and the reason."""
    if worse:
        return (
            "escalate",
            "duplicate-worse",
            f"The message repeats {original_id}, but describes something more severe.",
        )
    if answered:
        text = (
            f"The message repeats {original_id}, which was answered: the answer may not "
            "have helped."
        )
        return "assign", "duplicate-answered", text
    return (
        "duplicate",
        "duplicate",
        f"The same customer's open ticket {original_id} says the same.",
    )


def collect_facts(
    clean: CleanTicket,
    classification: Classification | None,
    extraction: Extraction | None,
    sources: Sequence[Source],
    draft: Draft | None,
    *,
    degraded: bool,
) -> Facts:
    """The facts that disposition rules are evaluated on. None stands for unknown."""
    used = [source for source in sources if draft and source.id in draft.sources]
    return Facts(
        injection=bool(clean.injection_flags),
        supported_language=clean.supported_language,
        actionable=is_actionable(clean, extraction),
        obstacles=count_obstacles(clean, used),
        degraded=degraded,
        unsupported_sentences=len(draft.unsupported) if draft else None,
        **classification_facts(classification),
        **extraction_facts(extraction),
        **source_facts(classification, used),
    )


def classification_facts(classification: Classification | None) -> dict[str, Any]:
    """The facts that the classification gives."""
    if classification is None:
        return {}
    known = not is_unclassified(classification)
    return {
        "category": classification.category if known else None,
        "severity": classification.severity,
        "category_confidence": classification.category_confidence,
        "calibrated": classification.calibrated,
        "abstained": classification.abstained,
        "critical_signals": len(classification.critical_reasons),
    }


def extraction_facts(extraction: Extraction | None) -> dict[str, Any]:
    """The facts that the extracted fields give."""
    if extraction is None:
        return {}
    amounts = map(float, extraction.values("amount"))
    return {
        "missing_required": len(extraction.missing_required),
        "amount": max(amounts, default=0.0),
    }


def source_facts(
    classification: Classification | None, used: Sequence[Source]
) -> dict[str, Any]:
    """The facts about the sources that the draft stands on."""
    close = likely_categories(classification) if classification else ()
    return {
        "source_score": min((source.score for source in used), default=0.0),
        "source_self_service": bool(used)
        and all(source.self_service for source in used),
        "source_same_category": bool(used)
        and all(source.category in close for source in used),
    }


def count_obstacles(clean: CleanTicket, used: Sequence[Source]) -> int:
    """Kinds of signs that the sources which the draft stands on are no full answer."""
    text = f"{clean.text}\n\n{clean.quoted}" if clean.quoted else clean.text
    open_concern = any(source.leaves_open for source in used)
    return len(find_obstacles(text)) + is_thread_reply(clean) + open_concern


def is_thread_reply(clean: CleanTicket) -> bool:
    """Whether the message continues a conversation, which an article alone cannot know."""
    return bool(REPLY_SUBJECT.match(clean.subject))


def likely_categories(classification: Classification) -> tuple[str, ...]:
    """The category, and those that come close to it."""
    return classification.category, *classification.secondary_categories


def is_unclassified(classification: Classification) -> bool:
    """Whether neither an engine nor the caller classified the ticket."""
    return classification.engine == "none" and classification.abstained


def compose_decision(
    desk: Desk,
    ticket: Ticket,
    disposition: Disposition,
    reasons: Sequence[Reason],
    category: str | None,
    severity: Severity,
    confidence: float,
) -> Decision:
    """The decision with team, priority and due time."""
    level = desk.severity_level(severity)
    routed = route_ticket(category, severity, desk.routing, level)
    every = (*reasons, *routed.reasons)
    return Decision(
        disposition=disposition,
        team=routed.team,
        priority=routed.priority,
        needs_approval=disposition == "escalate",
        send_reply=disposition in REPLYING,
        reasoning=" ".join(reason.text for reason in every),
        reasons=every,
        alternative_teams=routed.alternative_teams,
        escalation_path=routed.escalation_path,
        confidence=confidence,
        due_at=due_at(ticket.received_at, level),
    )
