from pathlib import Path

import pytest

from contracts.classification import Classification
from contracts.extraction import ExtractedField, Extraction
from contracts.values import EngineName, Severity
from policies.deciding.engine_answers import (
    add_missing_fields,
    is_distrusted,
    raise_severity,
    unknown_classification,
)
from policies.desk.model import Desk
from policies.loading.load import load_desk
from policies.severity.assess import SeverityVerdict


@pytest.fixture
def desk(folder: Path) -> Desk:
    return load_desk(folder)


def answer(
    severity: Severity = "low", engine: EngineName = "llm", confidence: float = 0.9
) -> Classification:
    return Classification(
        category="brakes",
        category_confidence=confidence,
        severity=severity,
        severity_confidence=0.5,
        calibrated=True,
        engine=engine,
    )


def verdict(
    severity: Severity, confidence: float, critical: tuple[str, ...] = ()
) -> SeverityVerdict:
    """What the detector may have found."""
    return SeverityVerdict(
        severity=severity,
        confidence=confidence,
        signals=(),
        critical=critical,
        reasons=(),
        urgency_indicators=(),
    )


def test_a_critical_finding_raises() -> None:
    found = verdict(severity="critical", confidence=0.8, critical=("injury",))
    result = raise_severity(answer("low"), found)
    assert (result.severity, result.severity_confidence, result.critical_reasons) == (
        "critical",
        0.8,
        ("injury",),
    )


@pytest.mark.parametrize("critical", [(), ("injury",)])
def test_nothing_is_lowered(critical: tuple[str, ...]) -> None:
    result = raise_severity(
        answer("critical"), verdict(severity="low", confidence=0.8, critical=critical)
    )
    assert result.severity == "critical"
    assert result.critical_reasons == critical


def test_what_is_unknown_is_the_fallback(desk: Desk) -> None:
    result = unknown_classification(
        desk, verdict(severity="high", confidence=0.7), "No engine."
    )
    assert (result.category, result.category_confidence, result.severity) == (
        "other",
        0.0,
        "high",
    )
    assert result.abstained
    assert result.engine == "none"


def test_no_answer_is_distrusted() -> None:
    assert is_distrusted(None, 0.6)


@pytest.mark.parametrize(
    ("engine", "confidence", "expected"),
    [("llm", 0.5, True), ("llm", 0.7, False), ("local", 0.1, False)],
)
def test_a_model_under_the_threshold_is_distrusted(
    engine: EngineName, confidence: float, expected: bool
) -> None:
    assert is_distrusted(answer(engine=engine, confidence=confidence), 0.6) is expected


def test_what_the_category_requires_and_nothing_gives_is_missing(desk: Desk) -> None:
    assert add_missing_fields(Extraction(), "brakes", None, desk).missing_required == (
        "frame_number",
    )
    assert add_missing_fields(Extraction(), "other", None, desk).missing_required == ()
    given = Extraction(
        fields=(ExtractedField(name="frame_number", value="FR-1234", confidence=0.9),)
    )
    assert add_missing_fields(given, "brakes", None, desk).missing_required == ()


def test_the_verified_address_satisfies_its_field(desk: Desk) -> None:
    fields = tuple(
        field.model_copy(update={"satisfied_by_customer_email": True})
        for field in desk.fields
    )
    relaxed = desk.model_copy(update={"fields": fields})
    assert (
        add_missing_fields(
            Extraction(), "brakes", "a@b.example", relaxed
        ).missing_required
        == ()
    )
