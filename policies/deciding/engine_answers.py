"""How far an engine's answer is trusted: raised, corrected, completed or replaced. Pure."""

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.values import SEVERITIES
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict


def raise_severity(answer: Classification, evidence: SeverityVerdict) -> Classification:
    """The answer with the severity judge's findings.

    A critical finding raises the severity; nothing lowers it.
    """
    found: dict[str, object] = {
        "critical_reasons": evidence.critical,
        "urgency_indicators": evidence.urgency_indicators,
    }
    is_worse = SEVERITIES.index(evidence.severity) > SEVERITIES.index(answer.severity)
    if evidence.critical and is_worse:
        found["severity"] = evidence.severity
        found["severity_confidence"] = evidence.confidence
    return answer.model_copy(update=found)


SURE_CONFIDENCE = 0.9
"""Calibrated confidence of the local engine from which a model does not overrule it."""

UNCONFIRMED_CONFIDENCE = 0.5
"""Confidence of an answer that no calibrated engine confirms: even odds."""


def reconcile_with_local(
    answer: Classification, local: Classification, *, steered: bool
) -> Classification:
    """A model's answer, corrected by the local engine's.

    The severity is the higher of both. Where both found the same category, the local
    engine's calibrated confidence applies; otherwise the confidence is unconfirmed. The
    local engine's category is taken where it is sure, and where the text tries to steer
    the classification (`steered`).
    """
    severity = max(answer.severity, local.severity, key=SEVERITIES.index)
    found: dict[str, object] = {
        "severity": severity,
        "urgency_indicators": local.urgency_indicators,
        "keywords_matched": local.keywords_matched,
        "critical_reasons": local.critical_reasons,
    }
    if severity == local.severity:
        found["severity_confidence"] = local.severity_confidence
    if answer.category == local.category and not local.abstained:
        found["category_confidence"] = local.category_confidence
        found["calibrated"] = local.calibrated
    else:
        found["category_confidence"] = UNCONFIRMED_CONFIDENCE
        found["calibrated"] = False
        if steered or is_local_sure(local):
            found |= overrule_category(answer, local, steered=steered)
    return answer.model_copy(update=found)


def overrule_category(
    answer: Classification, local: Classification, *, steered: bool
) -> dict[str, object]:
    """The fields by which the local engine's category replaces the model's, and why."""
    why = (
        "names categories or severities as an instruction would"
        if steered
        else "is clear to the local engine"
    )
    return {
        "category": local.category,
        "secondary_categories": local.secondary_categories,
        "category_confidence": min(UNCONFIRMED_CONFIDENCE, local.category_confidence),
        "reasoning": (
            f"{local.reasoning} A model read it as {answer.category}, but the text {why}."
        ),
    }


def is_local_sure(local: Classification) -> bool:
    """Whether the local engine's category is sure enough to overrule a model."""
    return (
        local.calibrated
        and not local.abstained
        and local.category_confidence >= SURE_CONFIDENCE
    )


def resolve_doubted_answer(
    doubted: Classification, local: Classification
) -> Classification:
    """The answer after the local engine was asked because a model's was distrusted.

    The model's answer where both agree on the category and it is the surer one, else the local
    engine's. The severity is the higher of both.
    """
    confirmed = (
        doubted.category == local.category
        and doubted.category_confidence >= local.category_confidence
    )
    severity = max(doubted.severity, local.severity, key=SEVERITIES.index)
    return (doubted if confirmed else local).model_copy(update={"severity": severity})


def cap_fallback_confidence(answer: Classification) -> Classification:
    """The local engine's answer in place of a failed model's.

    Its confidence is capped, so that a failing model never leads to a more confident answer than
    a working one: see `reconcile_with_local`.
    """
    confidence = min(answer.category_confidence, UNCONFIRMED_CONFIDENCE)
    return answer.model_copy(
        update={"category_confidence": confidence, "calibrated": False}
    )


def unknown_classification(
    desk: Desk, evidence: SeverityVerdict, why: str
) -> Classification:
    """The classification when no engine could classify.

    The desk's fallback category, and the severity judge's severity.
    """
    return Classification(
        category=desk.settings.fallback_category,
        category_confidence=0.0,
        severity=evidence.severity,
        severity_confidence=evidence.confidence,
        reasoning=why,
        urgency_indicators=evidence.urgency_indicators,
        critical_reasons=evidence.critical,
        abstained=True,
        engine="none",
    )


def is_distrusted(answer: Classification | None, threshold: float) -> bool:
    """Whether the local engine must be asked too.

    True for no answer, and for a model whose calibrated confidence is under `threshold`. There
    is no other engine to ask about the local engine's own answers.
    """
    if answer is None:
        return True
    return (
        answer.engine == "llm"
        and answer.calibrated
        and answer.category_confidence < threshold
    )


def add_missing_fields(
    extraction: Extraction, category: str, customer_email: str | None, desk: Desk
) -> Extraction:
    """The extraction with `missing_required` set.

    These are the fields that the category requires and that neither the text nor the customer
    record gives.
    """
    known = {field.name for field in extraction.fields}
    if customer_email:
        known |= {
            definition.name
            for definition in desk.fields
            if definition.satisfied_by_customer_email
        }
    missing = tuple(
        name
        for name in desk.find_category(category).required_fields
        if name not in known
    )
    return extraction.model_copy(update={"missing_required": missing})
