"""Lists the answers that differ from their labels: where to look when a figure is low."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from contracts.values import Value
from evals.labels import LabelledTicket, find_original
from evals.metrics import NO_ANSWER, comparable_value, labelled_fields
from evals.quality import category_of, field_values_of, severity_of
from evals.runner import Outcome

MissKind = Literal[
    "category", "severity", "fields", "automation", "injection", "duplicate", "language"
]


_FLAG_NAMES = {True: "attack", False: "harmless"}


class Miss(Value):
    """One answer that differs from its label."""

    id: str
    of: MissKind
    expected: str
    given: str


def find_misses(outcomes: Sequence[Outcome]) -> tuple[Miss, ...]:
    """Every wrong answer, in the order of the tickets."""
    rows = {outcome.row.id: outcome.row for outcome in outcomes}
    fields = labelled_fields([outcome.row.fields or {} for outcome in outcomes])
    return tuple(
        Miss(
            id=outcome.row.id,
            of=of,
            expected=str(expected),
            given=str(given or NO_ANSWER),
        )
        for outcome in outcomes
        for of, expected, given in (
            *_wrong_answers(outcome, rows),
            *_wrong_fields(outcome, fields),
        )
    )


def _wrong_answers(
    outcome: Outcome, rows: Mapping[str, LabelledTicket]
) -> Iterator[tuple[MissKind, object, object]]:
    row, run = outcome.row, outcome.run
    labels: tuple[tuple[MissKind, str | None, str | None], ...] = (
        ("category", row.category, category_of(run)),
        ("severity", row.severity, severity_of(run)),
        ("language", row.language, run.language),
    )
    for of, label, answer in labels:
        if label and label != answer:
            yield of, label, answer
    yield from _wrong_flags(outcome)
    if row.has_duplicate_label:
        original = find_original(row, rows)
        if original != outcome.duplicate_of:
            yield "duplicate", original or NO_ANSWER, outcome.duplicate_of


def _wrong_flags(outcome: Outcome) -> Iterator[tuple[MissKind, object, object]]:
    row, run = outcome.row, outcome.run
    if row.injection is not None and row.injection != run.injection_flag:
        yield "injection", _FLAG_NAMES[row.injection], _FLAG_NAMES[run.injection_flag]
    if row.safe is not None and row.safe != (run.disposition == "auto_resolve"):
        expected = "safe" if row.safe else "unsafe"
        yield "automation", expected, run.disposition or run.status


def _wrong_fields(
    outcome: Outcome, names: Sequence[str]
) -> Iterator[tuple[MissKind, object, object]]:
    expected, found = outcome.row.fields, field_values_of(outcome.run)
    if expected is None:
        return
    for name in names:
        wanted, given = expected.get(name, ()), found.get(name, ())
        if {comparable_value(value) for value in wanted} != {
            comparable_value(value) for value in given
        }:
            yield "fields", _join_values(name, wanted), _join_values(name, given)


def _join_values(name: str, values: Sequence[str | float]) -> str:
    return f"{name}: {', '.join(map(str, values)) or NO_ANSWER}"
