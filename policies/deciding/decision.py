"""The whole decision on one ticket: disposition, route and due time put together. Pure."""

import re
from collections.abc import Sequence

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
"""How the subject of a reply or of something forwarded begins."""


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
    """Decide on a ticket from what is known of it.

    What is unknown counts as a reason for a person.
    """
    facts = collect_facts(
        clean, classification, extraction, sources, draft, degraded=degraded
    )
    verdict = decide_disposition(facts, desk.disposition)
    disposition, reasons = verdict.disposition, list(verdict.reasons)
    if redraft:
        disposition = "escalate"
        reasons.append(
            Reason(
                rule="redraft",
                text="A person asked for another draft and sees it before it is sent.",
            )
        )
    elif draft is None and disposition in ("auto_resolve", "request_info"):
        disposition = "assign"
        reasons.append(Reason(rule="no-draft", text="There is no reply to send."))
    if draft and draft.warnings:
        disposition = (
            "assign" if disposition in ("auto_resolve", "request_info") else disposition
        )
        reasons += [
            Reason(rule="draft-warning", text=warning) for warning in draft.warnings
        ]
    severity: Severity = classification.severity if classification else "medium"
    category = facts.category
    confidence = classification.category_confidence if classification else 0.0
    return compose_decision(
        desk, ticket, disposition, reasons, category, severity, confidence
    )


def decide_duplicate(
    desk: Desk,
    ticket: Ticket,
    duplicate: Duplicate,
    original: Original,
    evidence: SeverityVerdict,
) -> Decision:
    """A repeated message joins its original.

    One that says something worse goes to a person again.
    """
    worse = original.severity is not None and (
        SEVERITIES.index(evidence.severity) > SEVERITIES.index(original.severity)
        and bool(evidence.critical)
    )
    disposition, rule, text = decide_repeated_message(
        duplicate.ticket_id, worse=worse, answered=original.answered
    )
    severity = evidence.severity if worse else (original.severity or evidence.severity)
    reasons = [Reason(rule=rule, text=text)]
    decision = compose_decision(
        desk, ticket, disposition, reasons, None, severity, duplicate.score
    )
    if original.team and not worse:
        team = desk.find_team(original.team)
        joined = Reason(
            rule="original-team",
            text=f"{team.title} has the ticket that this one joins.",
        )
        decision = decision.model_copy(
            update={
                "team": team.id,
                "escalation_path": team.escalation_path,
                "alternative_teams": (),
                "reasons": (*reasons, joined),
                "reasoning": f"{reasons[0].text} {joined.text}",
            }
        )
    return decision


def decide_repeated_message(
    original_id: str, *, worse: bool, answered: bool
) -> tuple[Disposition, str, str]:
    """What becomes of a repeated message, by which rule, and why."""
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
    """What the rules may look at. None stands for unknown."""
    known = classification is not None
    used = [source for source in sources if draft and source.id in draft.sources]
    close = likely_categories(classification) if known else ()
    signs = find_obstacles(
        f"{clean.text}\n\n{clean.quoted}" if clean.quoted else clean.text
    )
    amounts = [float(a) for a in extraction.values("amount")] if extraction else None
    return Facts(
        category=classification.category
        if known and not is_unclassified(classification)
        else None,
        severity=classification.severity if known else None,
        category_confidence=classification.category_confidence if known else None,
        calibrated=classification.calibrated if known else None,
        abstained=classification.abstained if known else None,
        injection=bool(clean.injection_flags),
        supported_language=clean.supported_language,
        actionable=is_actionable(clean, extraction),
        missing_required=len(extraction.missing_required) if extraction else None,
        critical_signals=len(classification.critical_reasons) if known else None,
        amount=max(amounts, default=0.0) if amounts is not None else None,
        source_score=min((source.score for source in used), default=0.0),
        source_self_service=bool(used) and all(source.self_service for source in used),
        source_same_category=bool(used)
        and all(source.category in close for source in used),
        obstacles=len(signs)
        + is_thread_reply(clean)
        + any(source.leaves_open for source in used),
        unsupported_sentences=len(draft.unsupported) if draft else None,
        degraded=degraded,
    )


def is_thread_reply(clean: CleanTicket) -> bool:
    """Whether the message goes on with a conversation, which an article alone cannot know."""
    return bool(REPLY_SUBJECT.match(clean.subject))


def likely_categories(classification: Classification) -> tuple[str, ...]:
    """The category, and those that come close to it."""
    return classification.category, *classification.secondary_categories


def is_unclassified(classification: Classification) -> bool:
    """Whether no engine, and no caller either, said what the ticket is about."""
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
        send_reply=disposition in ("auto_resolve", "request_info"),
        reasoning=" ".join(reason.text for reason in every),
        reasons=every,
        alternative_teams=routed.alternative_teams,
        escalation_path=routed.escalation_path,
        confidence=confidence,
        due_at=due_at(ticket.received_at, level),
    )
