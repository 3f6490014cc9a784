"""Figures of outcomes that were made up, so that every one of them is known."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.classification import Classification
from contracts.extraction import Extraction
from contracts.result import Run
from contracts.values import SEVERITIES, Severity
from evals.figures import FileReport, build_file_report
from evals.labels import LabelledTicket
from evals.runner import Outcome, Suggestion


def outcome(
    labels: dict[str, Any], *, ms: float = 1.0, linked: str | None = None, **run: Any
) -> Outcome:
    """A labelled ticket that came out so."""
    row = LabelledTicket.model_validate({"id": "t"} | labels)
    values = {
        "run_id": "r",
        "ticket_id": "T",
        "desk": row.desk,
        "status": "finished",
        "created_at": datetime.now(UTC),
    }
    return Outcome(row, Run.model_validate(values | run), ms, linked)


def judged(
    category: str = "billing",
    severity: Severity = "low",
    confidence: float = 0.8,
    **more: Any,
) -> Classification:
    """A classification."""
    values = {
        "category": category,
        "category_confidence": confidence,
        "severity": severity,
        "severity_confidence": 0.5,
    }
    return Classification.model_validate(values | more)


def figures(outcomes: Sequence[Outcome]) -> FileReport:
    """What they amount to."""
    return build_file_report(
        "some.jsonl", [outcome.row for outcome in outcomes], outcomes, []
    )


def test_without_labels_there_are_no_figures() -> None:
    report = figures(
        [
            outcome(
                {},
                classification=judged(),
                injection_flag=True,
                disposition="auto_resolve",
            )
        ]
    )
    parts = (
        report.category,
        report.severity,
        report.automation,
        report.injection,
        report.duplicates,
        report.language,
    )
    assert parts == (None,) * 6
    assert (report.fields, report.misses, report.similar) == ((), (), None)
    assert report.milliseconds is not None


def test_without_tickets_there_is_nothing() -> None:
    report = figures([])
    assert (report.tickets, report.milliseconds, report.engines) == (0, None, {})


def test_an_abstention_is_wrong_and_states_no_confidence() -> None:
    report = figures(
        [
            outcome(
                {"category": "billing"},
                classification=judged("billing", confidence=1.0),
            ),
            outcome(
                {"category": "billing"},
                classification=judged("billing", abstained=True),
            ),
            outcome({"category": "billing"}, status="failed"),
        ]
    ).category
    assert report is not None
    assert (report.tickets, report.abstained, report.accuracy) == (
        3,
        2,
        pytest.approx(1 / 3),
    )
    assert (report.calibration_error, report.coverage_at_90) == (0.0, 1.0)
    assert report.confusion == {"billing": {"(none)": 2, "billing": 1}}


def test_critical_tickets_are_counted_both_ways() -> None:
    pairs: list[tuple[Severity, Severity]] = [
        ("critical", "critical"),
        ("critical", "low"),
        ("high", "critical"),
        ("low", "low"),
        ("medium", "high"),
    ]
    report = figures(
        [outcome({"severity": e}, classification=judged(severity=g)) for e, g in pairs]
    ).severity
    assert report is not None
    assert (report.accuracy, report.within_one_level) == (0.4, 0.8)
    assert (report.critical_recall, report.false_critical) == (
        0.5,
        pytest.approx(1 / 3),
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(SEVERITIES), st.sampled_from(SEVERITIES)), min_size=1
    )
)
def test_within_one_level_is_never_less_than_accurate(
    pairs: list[tuple[Severity, Severity]],
) -> None:
    report = figures(
        [outcome({"severity": e}, classification=judged(severity=g)) for e, g in pairs]
    ).severity
    assert report is not None
    assert report.accuracy is not None
    assert report.within_one_level is not None
    assert report.accuracy <= report.within_one_level


def test_what_happened_without_a_person() -> None:
    report = figures(
        [
            outcome({"safe": True}, disposition="auto_resolve"),
            outcome({"safe": True}, disposition="assign"),
            outcome({"safe": True}, disposition="escalate", status="waiting"),
            outcome({"safe": True}, status="failed"),
            outcome({"safe": False}, disposition="auto_resolve"),
            outcome({"safe": False}, disposition="escalate", status="waiting"),
        ]
    ).automation
    assert report is not None
    assert (report.safe, report.no_person, report.auto_resolved) == (4, 0.5, 0.25)
    assert (report.unsafe, report.unsafe_auto_resolved) == (2, 0.5)
    assert report.safe_dispositions == {
        "auto_resolve": 1,
        "assign": 1,
        "escalate": 1,
        "failed": 1,
    }
    assert report.unsafe_dispositions == {"auto_resolve": 1, "escalate": 1}


def test_flags_links_and_languages() -> None:
    report = figures(
        [
            outcome(
                {"id": "1", "injection": True, "language": "en", "duplicate_of": None},
                language="en",
            ),
            outcome(
                {"id": "2", "injection": True, "language": "de", "duplicate_of": "1"},
                injection_flag=True,
                linked="1",
            ),
            outcome(
                {"id": "3", "injection": False, "duplicate_of": "2"},
                injection_flag=True,
                linked="1",
            ),
            outcome({"id": "4", "injection": False, "duplicate_of": "1"}),
            outcome({"id": "5", "duplicate_of": None}, linked="4"),
        ]
    )
    assert report.injection is not None
    assert (report.injection.attacks, report.injection.recall) == (2, 0.5)
    assert (report.injection.harmless, report.injection.false_positives) == (2, 1)
    assert report.duplicates is not None
    assert (report.duplicates.duplicates, report.duplicates.recall) == (
        3,
        pytest.approx(2 / 3),
    )
    assert report.duplicates.false_links == 1
    assert report.language is not None
    assert report.language.accuracy == 0.5


def test_known_duplicates_among_the_suggestions() -> None:
    row = LabelledTicket(id="1", duplicates=("2", "3"))
    report = build_file_report(
        "some.jsonl",
        [row],
        [],
        [Suggestion(row, ("3", "4")), Suggestion(row, ("2", "3"))],
    )
    assert report.similar is not None
    assert (report.similar.tickets, report.similar.recall_at_5) == (2, 0.75)


def test_every_wrong_answer_is_listed_and_no_right_one() -> None:
    found = Extraction.model_validate(
        {"fields": [{"name": "order_id", "value": ["A-1", "B-2"], "confidence": 1}]}
    )
    labels = {
        "category": "billing",
        "severity": "high",
        "fields": {"order_id": ["a-1"]},
        "safe": True,
        "injection": False,
    }
    wrong = outcome(
        labels | {"duplicate_of": None, "language": "en"},
        classification=judged("billing", "low"),
        extraction=found,
        disposition="assign",
        injection_flag=True,
        linked="other",
    )
    expected = {
        ("severity", "high", "low"),
        ("language", "en", "(none)"),
        ("injection", "harmless", "attack"),
        ("duplicate", "(none)", "other"),
        ("automation", "safe", "assign"),
        ("fields", "order_id: a-1", "order_id: A-1, B-2"),
    }
    missed = figures([wrong]).misses
    assert {(miss.of, miss.expected, miss.given) for miss in missed} == expected
    assert {miss.id for miss in missed} == {"t"}
