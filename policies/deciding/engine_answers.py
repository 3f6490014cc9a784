"""What is made of an engine's answers: raised, distrusted, completed, or declared unknown. Pure."""

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.values import SEVERITIES
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict


def raise_severity(answer: Classification, evidence: SeverityVerdict) -> Classification:
    """The answer with the detector's findings. A critical finding raises the severity.

    Nothing lowers it.
    """
    found: dict[str, object] = {
        "critical_reasons": evidence.critical,
        "urgency_indicators": evidence.urgency_indicators,
    }
    if evidence.critical and SEVERITIES.index(answer.severity) < SEVERITIES.index(
        evidence.severity
    ):
        found |= {
            "severity": evidence.severity,
            "severity_confidence": evidence.confidence,
        }
    return answer.model_copy(update=found)


SURE_CONFIDENCE = 0.9
"""Calibrated confidence of the local engine from which a model does not overrule it."""

UNCONFIRMED_CONFIDENCE = 0.5
"""Confidence of an answer that no calibrated engine confirms.

Unknown, so as good as the toss of a coin.
"""


def reconcile_with_local(
    answer: Classification, local: Classification, *, steered: bool
) -> Classification:
    """A model's answer beside the local engine's: the model may raise the severity, never lower it.

    Where both came to the same category, the local engine's calibrated confidence holds for
    it. Else nobody knows how far to trust it; and the local engine's category stands where
    it is sure, and where the text speaks of categories or severities to steer whoever reads
    it (`steered`).
    """
    severity = max(answer.severity, local.severity, key=SEVERITIES.index)
    found: dict[str, object] = {
        "severity": severity,
        "urgency_indicators": local.urgency_indicators,
    }
    if severity == local.severity:
        found["severity_confidence"] = local.severity_confidence
    found |= {
        "keywords_matched": local.keywords_matched,
        "critical_reasons": local.critical_reasons,
    }
    if answer.category == local.category and not local.abstained:
        found |= {
            "category_confidence": local.category_confidence,
            "calibrated": local.calibrated,
        }
        return answer.model_copy(update=found)
    found |= {"category_confidence": UNCONFIRMED_CONFIDENCE, "calibrated": False}
    if steered or is_local_sure(local):
        why = (
            "names categories or severities as an instruction would"
            if steered
            else "is clear to the local engine"
        )
        reasoning = f"{local.reasoning} A model read it as {answer.category}, but the text {why}."
        found |= {
            "category": local.category,
            "secondary_categories": local.secondary_categories,
        }
        found |= {
            "reasoning": reasoning,
            "category_confidence": min(
                UNCONFIRMED_CONFIDENCE, local.category_confidence
            ),
        }
    return answer.model_copy(update=found)


def is_local_sure(local: Classification) -> bool:
    """Whether the local engine's category is beyond a model's doubt."""
    return (
        local.calibrated
        and not local.abstained
        and local.category_confidence >= SURE_CONFIDENCE
    )


def resolve_doubted_answer(
    doubted: Classification, local: Classification
) -> Classification:
    """What stands after the local engine was asked about a doubted answer.

    The surer of two that agree, else its own.

    The severity is the higher one of both.
    """
    confirmed = (
        doubted.category == local.category
        and doubted.category_confidence >= local.category_confidence
    )
    severity = max(doubted.severity, local.severity, key=SEVERITIES.index)
    return (doubted if confirmed else local).model_copy(update={"severity": severity})


def cap_fallback_confidence(answer: Classification) -> Classification:
    """The local engine's answer where a model failed.

    Never more confident than `reconcile_with_local` would have been.
    """
    confidence = min(answer.category_confidence, UNCONFIRMED_CONFIDENCE)
    return answer.model_copy(
        update={"category_confidence": confidence, "calibrated": False}
    )


def unknown_classification(
    desk: Desk, evidence: SeverityVerdict, why: str
) -> Classification:
    """What is left when nothing could classify.

    The fallback category, and only the detector's severity.
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
    """No answer, or a model's calibrated confidence under the threshold.

    The local engine has nothing below it.
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
    """The extraction with the fields that the category requires and neither text nor
    customer record gives.
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
