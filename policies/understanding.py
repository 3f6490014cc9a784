"""What is made of an engine's answers: raised, distrusted, completed, or declared unknown. Pure."""

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.values import SEVERITIES
from policies.desk import Desk
from policies.severity import SeverityVerdict


def raised(answer: Classification, evidence: SeverityVerdict) -> Classification:
    """The answer with the detector's findings. A critical finding raises the severity; nothing lowers it."""
    found: dict[str, object] = {
        "critical_reasons": evidence.critical,
        "urgency_indicators": evidence.urgency_indicators,
    }
    if evidence.critical and SEVERITIES.index(answer.severity) < SEVERITIES.index(evidence.severity):
        found |= {"severity": evidence.severity, "severity_confidence": evidence.confidence}
    return answer.model_copy(update=found)


def unknown(desk: Desk, evidence: SeverityVerdict, why: str) -> Classification:
    """What is left when nothing could classify: the fallback category, and only the detector's severity."""
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


def distrusted(answer: Classification | None, threshold: float) -> bool:
    """No answer, or a model's calibrated confidence under the threshold. The local engine has nothing below it."""
    if answer is None:
        return True
    return answer.engine == "llm" and answer.calibrated and answer.category_confidence < threshold


def with_missing(extraction: Extraction, category: str, customer_email: str | None, desk: Desk) -> Extraction:
    """The extraction with the fields that the category requires and neither text nor customer record gives."""
    known = {field.name for field in extraction.fields}
    if customer_email:
        known |= {definition.name for definition in desk.fields if definition.satisfied_by_customer_email}
    missing = tuple(name for name in desk.category(category).required_fields if name not in known)
    return extraction.model_copy(update={"missing_required": missing})
