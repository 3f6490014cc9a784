"""Quality figures from the outcomes of a file of labelled tickets.

Each part covers the tickets that have its label.
"""

from collections import Counter
from collections.abc import Sequence

from contracts.result import Run
from contracts.values import Severity, Value
from evals.labels import find_original
from evals.metrics import (
    FieldValues,
    Score,
    answer_accuracy,
    calibration_error,
    class_scores,
    confusion_counts,
    coverage_at_accuracy,
    field_scores,
    levels_between,
    macro_f1,
    share_of_true,
)
from evals.runner import Outcome, Suggestion

Counts = dict[str, int]


class CategoryQuality(Value):
    """Categories. An abstention counts as wrong, and not in the figures about confidence."""

    tickets: int
    accuracy: float | None
    macro_f1: float | None
    calibration_error: float | None
    coverage_at_90: float | None
    abstained: int
    classes: tuple[Score, ...]
    confusion: dict[str, Counts]


class SeverityQuality(Value):
    """Severities.

    `false_critical` is the share of tickets judged critical among those not labelled so.
    """

    tickets: int
    accuracy: float | None
    within_one_level: float | None
    critical_recall: float | None
    false_critical: float | None
    confusion: dict[str, Counts]


class AutomationQuality(Value):
    """What was done without a person, for tickets labelled safe and unsafe to answer so.

    `no_person` is the share of safe tickets whose run finished without waiting for an approval.
    """

    safe: int
    unsafe: int
    no_person: float | None
    auto_resolved: float | None
    unsafe_auto_resolved: float | None
    safe_dispositions: Counts
    unsafe_dispositions: Counts


class FlagQuality(Value):
    """Injection flags."""

    attacks: int
    recall: float | None
    false_positives: int
    harmless: int


class LinkQuality(Value):
    """Links between repeated tickets.

    A link is false when the ticket is labelled as no duplicate, or as one of another ticket.
    """

    duplicates: int
    recall: float | None
    false_links: int


class SuggestionQuality(Value):
    """The share of known duplicates among a ticket's five most similar ones."""

    tickets: int
    recall_at_5: float | None


class LanguageQuality(Value):
    """Detected languages; "too short to tell" counts as wrong."""

    tickets: int
    accuracy: float | None


def category_quality(outcomes: Sequence[Outcome]) -> CategoryQuality | None:
    """Quality of the categories, None when none is labelled."""
    labelled = [outcome for outcome in outcomes if outcome.row.category]
    if not labelled:
        return None
    expected = [outcome.row.category or "" for outcome in labelled]
    given = [category_of(outcome.run) for outcome in labelled]
    stated, right = _confidences(labelled)
    classes = class_scores(expected, given)
    return CategoryQuality(
        tickets=len(labelled),
        accuracy=answer_accuracy(expected, given),
        macro_f1=macro_f1(classes),
        calibration_error=calibration_error(stated, right),
        coverage_at_90=coverage_at_accuracy(stated, right),
        abstained=given.count(None),
        classes=classes,
        confusion=confusion_counts(expected, given),
    )


def category_of(run: Run) -> str | None:
    """The category of a run; None when the engine abstained."""
    found = run.classification
    return found.category if found and not found.abstained else None


def _confidences(labelled: Sequence[Outcome]) -> tuple[list[float], list[bool]]:
    answers = [
        (found.category_confidence, found.category == outcome.row.category)
        for outcome in labelled
        if (found := outcome.run.classification) and not found.abstained
    ]
    return [confidence for confidence, _ in answers], [right for _, right in answers]


def severity_quality(outcomes: Sequence[Outcome]) -> SeverityQuality | None:
    """Quality of the severities, None when none is labelled."""
    pairs: list[tuple[Severity, Severity | None]]
    pairs = [(o.row.severity, severity_of(o.run)) for o in outcomes if o.row.severity]
    if not pairs:
        return None
    expected, given = [label for label, _ in pairs], [answer for _, answer in pairs]
    distances = [levels_between(label, answer) for label, answer in pairs]
    return SeverityQuality(
        tickets=len(pairs),
        accuracy=answer_accuracy(expected, given),
        within_one_level=share_of_true([distance <= 1 for distance in distances]),
        critical_recall=_share_judged_critical(pairs, critical=True),
        false_critical=_share_judged_critical(pairs, critical=False),
        confusion=confusion_counts(expected, given),
    )


def _share_judged_critical(
    pairs: Sequence[tuple[Severity, Severity | None]], *, critical: bool
) -> float | None:
    """Of the tickets labelled critical, or of all others, the share judged critical."""
    judged = [answer for label, answer in pairs if (label == "critical") is critical]
    return share_of_true([answer == "critical" for answer in judged])


def severity_of(run: Run) -> Severity | None:
    """The severity that a run judged."""
    return run.classification.severity if run.classification else None


def automation_quality(outcomes: Sequence[Outcome]) -> AutomationQuality | None:
    """What was done without a person, None when no ticket is labelled safe or unsafe."""
    safe = [outcome.run for outcome in outcomes if outcome.row.safe is True]
    unsafe = [outcome.run for outcome in outcomes if outcome.row.safe is False]
    if not safe and not unsafe:
        return None
    return AutomationQuality(
        safe=len(safe),
        unsafe=len(unsafe),
        no_person=share_of_true([run.status == "finished" for run in safe]),
        auto_resolved=_share_auto_resolved(safe),
        unsafe_auto_resolved=_share_auto_resolved(unsafe),
        safe_dispositions=_count_dispositions(safe),
        unsafe_dispositions=_count_dispositions(unsafe),
    )


def _share_auto_resolved(runs: Sequence[Run]) -> float | None:
    return share_of_true([run.disposition == "auto_resolve" for run in runs])


def _count_dispositions(runs: Sequence[Run]) -> Counts:
    return Counter(run.disposition or run.status for run in runs)


def field_quality(outcomes: Sequence[Outcome]) -> tuple[Score, ...]:
    """Scores of the labelled fields, all together last; empty when none is labelled."""
    labelled = [
        (labels, o.run) for o in outcomes if (labels := o.row.fields) is not None
    ]
    return field_scores(
        [labels for labels, _ in labelled],
        [field_values_of(run) for _, run in labelled],
    )


def field_values_of(run: Run) -> FieldValues:
    """Every field that a run found, with all its values."""
    found = run.extracted_fields
    return (
        {field.name: found.values(field.name) for field in found.fields}
        if found
        else {}
    )


def flag_quality(outcomes: Sequence[Outcome]) -> FlagQuality | None:
    """Quality of the injection flags, None when none is labelled."""
    attacks = [
        outcome.run.injection_flag
        for outcome in outcomes
        if outcome.row.injection is True
    ]
    harmless = [
        outcome.run.injection_flag
        for outcome in outcomes
        if outcome.row.injection is False
    ]
    if not attacks and not harmless:
        return None
    return FlagQuality(
        attacks=len(attacks),
        recall=share_of_true(attacks),
        false_positives=sum(harmless),
        harmless=len(harmless),
    )


def link_quality(outcomes: Sequence[Outcome]) -> LinkQuality | None:
    """Quality of the links between repeated tickets, None when none is labelled."""
    rows = {outcome.row.id: outcome.row for outcome in outcomes}
    labelled = [
        (find_original(o.row, rows), o.duplicate_of)
        for o in outcomes
        if o.row.has_duplicate_label
    ]
    if not labelled:
        return None
    repeats = [(original, linked) for original, linked in labelled if original]
    return LinkQuality(
        duplicates=len(repeats),
        recall=share_of_true([original == linked for original, linked in repeats]),
        false_links=sum(
            linked is not None and linked != original for original, linked in labelled
        ),
    )


def suggestion_quality(suggestions: Sequence[Suggestion]) -> SuggestionQuality | None:
    """Quality of the similar tickets, None when no duplicates are known."""
    found = [
        duplicate in each.similar
        for each in suggestions
        for duplicate in each.row.duplicates or ()
    ]
    return (
        SuggestionQuality(tickets=len(suggestions), recall_at_5=share_of_true(found))
        if found
        else None
    )


def language_quality(outcomes: Sequence[Outcome]) -> LanguageQuality | None:
    """Quality of the language detection, None when no language is labelled."""
    labelled = [(o.row.language, o.run.language) for o in outcomes if o.row.language]
    right = share_of_true([label == answer for label, answer in labelled])
    return LanguageQuality(tickets=len(labelled), accuracy=right) if labelled else None
