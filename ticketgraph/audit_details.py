"""The details of an audit record: who or what decided, on what, and how sure it was.

Texts are kept as digests only.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from contracts.approval import ApprovalDecision
from contracts.effect import Resolution
from contracts.result import Run
from contracts.ticket import Ticket
from engines.embedding.embedder import MODEL_NAME
from graph.build import FLOW_VERSION
from policies.desk.model import Desk


def run_details(run: Run, ticket: Ticket, desk: Desk) -> dict[str, Any]:
    """What a run decided, with the versions of the desk, policy, prompts and models it used."""
    decision, classification = run.routing, run.classification
    models = {model for step in run.workflow_steps for model in step.usage.models}
    return {
        "input": digest_texts(ticket.subject, ticket.body),
        "flow": FLOW_VERSION,
        "desk": f"{desk.id}@{desk.settings.version}",
        "policy": f"{desk.disposition.id}@{desk.disposition.version}",
        "prompts": sorted(
            {step.prompt_version for step in run.workflow_steps if step.prompt_version}
        ),
        "models": [MODEL_NAME, *sorted(models)],
        "engine": run.engine,
        "degraded": run.degraded,
        "category": classification.category if classification else None,
        "severity": classification.severity if classification else None,
        "scores": run_scores(run),
        "disposition": run.disposition,
        "team": decision.team if decision else None,
        "rules": [reason.rule for reason in decision.reasons] if decision else [],
        "effects": [effect.key for effect in run.delivery.effects]
        if run.delivery
        else [],
        "simulated": run.delivery.simulated if run.delivery else False,
        "duplicate_of": run.duplicate_of,
        "forked_from": run.forked_from,
        "shown_hash": run.approval.request.shown_hash if run.approval else None,
    }


def run_scores(run: Run) -> Mapping[str, float | None]:
    """How sure each part was, in [0, 1] to four places."""
    made, decision = run.classification, run.routing
    scores = {
        "category": made.category_confidence if made else None,
        "severity": made.severity_confidence if made else None,
        "routing": decision.confidence if decision else None,
        "similarity": run.similarity_score,
    }
    return {
        name: None if score is None else round(score, 4)
        for name, score in scores.items()
    }


def approval_details(
    approval_id: str, shown_hash: str, decision: ApprovalDecision
) -> dict[str, Any]:
    """What a person decided, on which words. What the person wrote is kept as a digest."""
    return {
        "approval": approval_id,
        "type": decision.type,
        "team": decision.team,
        "text": digest_texts(decision.text) if decision.text else None,
        "guidance": digest_texts(decision.guidance) if decision.guidance else None,
        "shown_hash": shown_hash,
        "flow": FLOW_VERSION,
    }


def resolution_details(
    key: str, was: str, attempts: int, resolution: Resolution
) -> dict[str, Any]:
    """What a person decided on an effect that was refused, or whose outcome is unknown."""
    return {
        "effect": key,
        "was": was,
        "attempts": attempts,
        "outcome": resolution.outcome,
        "remote_id": resolution.remote_id,
        "flow": FLOW_VERSION,
    }


def digest_texts(*parts: str) -> str:
    """SHA-256 of texts, each with its length, so that no two lists of texts are the same bytes."""
    whole = sha256()
    for part in parts:
        encoded = part.encode("utf-8", "replace")
        whole.update(len(encoded).to_bytes(8) + encoded)
    return whole.hexdigest()
