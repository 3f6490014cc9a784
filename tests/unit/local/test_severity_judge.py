"""Signals and what was learned, weighed against each other."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.values import SEVERITIES, Severity
from engines.local.severity_judge import CRITICAL_TEXT_SIGNAL, combine_verdict
from policies.severity.assess import SeverityVerdict


def verdict(severity: Severity, *critical: str) -> SeverityVerdict:
    return SeverityVerdict(
        severity=severity,
        confidence=0.75,
        signals=critical,
        critical=critical,
        reasons=("A sign.",),
    )


def chances(
    low: float, medium: float, high: float, critical: float
) -> dict[Severity, float]:
    return dict(zip(SEVERITIES, (low, medium, high, critical), strict=True))


def test_a_text_can_be_critical_by_its_meaning_alone() -> None:
    found = combine_verdict(verdict("low"), chances(0.1, 0.1, 0.1, 0.7), 0.6, ())
    assert (found.severity, found.critical, found.confidence) == (
        "critical",
        (CRITICAL_TEXT_SIGNAL,),
        0.7,
    )
    assert found.reasons == ("It reads like tickets that turned out to be critical.",)


def test_a_signal_stands_unless_it_is_improbable() -> None:
    likely = combine_verdict(
        verdict("critical", "system_down"), chances(0.2, 0.2, 0.3, 0.3), 0.6, ()
    )
    assert (likely.severity, likely.reasons) == ("critical", ("A sign.",))
    improbable = combine_verdict(
        verdict("critical", "system_down"), chances(0.1, 0.7, 0.15, 0.05), 0.6, ()
    )
    assert improbable.severity == "medium"
    assert improbable.reasons == ()


def test_a_critical_signal_that_is_not_believed_still_brings_a_person() -> None:
    assert combine_verdict(
        verdict("critical", "system_down"), chances(0.9, 0.05, 0.04, 0.01), 0.6, ()
    ).critical == ("system_down",)


def test_final_signals_and_two_together_are_never_outweighed() -> None:
    nothing = chances(0.97, 0.01, 0.01, 0.01)
    assert (
        combine_verdict(
            verdict("critical", "life_at_risk"), nothing, 0.6, {"life_at_risk"}
        ).severity
        == "critical"
    )
    assert (
        combine_verdict(
            verdict("critical", "system_down", "data_loss"), nothing, 0.6, ()
        ).severity
        == "critical"
    )


def test_medium_is_no_evidence() -> None:
    assert (
        combine_verdict(
            verdict("medium"), chances(0.1, 0.4, 0.5, 0.0), 0.6, ()
        ).severity
        == "high"
    )
    assert (
        combine_verdict(verdict("high"), chances(0.1, 0.6, 0.3, 0.0), 0.6, ()).severity
        == "high"
    )


@given(
    st.sampled_from(SEVERITIES),
    st.lists(st.sampled_from(["a", "b", "c"]), unique=True),
    st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
    st.floats(0.3, 0.9),
)
def test_no_critical_signal_is_ever_dropped(
    severity: Severity, critical: list[str], weights: list[float], critical_from: float
) -> None:
    given_verdict = verdict("critical" if critical else severity, *critical)
    total = sum(weights)
    found = combine_verdict(
        given_verdict,
        chances(*(weight / total for weight in weights)),
        critical_from,
        {"a"},
    )
    assert set(critical) <= set(found.critical)
    assert found.severity == "critical" or "a" not in critical
