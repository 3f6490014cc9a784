"""Quality metrics, as pure functions of labels and answers.

Every metric is None when there is nothing to measure. An answer of None, where the system
gave none, counts as wrong.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from contracts.values import SEVERITIES, Severity, Value

NO_ANSWER: Final = "(none)"
"""Name of a missing answer in a confusion matrix."""

FieldValues = Mapping[str, Sequence[str | float]]


class Score(Value):
    """Precision, recall and F1 of one class or field; None where the divisor is zero."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class Latency(Value):
    """Milliseconds per ticket."""

    p50: float
    p95: float
    mean: float


def share_of_true(hits: Sequence[bool]) -> float | None:
    """The share of hits that are true."""
    return sum(hits) / len(hits) if hits else None


def answer_accuracy(
    expected: Sequence[str], given: Sequence[str | None]
) -> float | None:
    """The share of right answers."""
    return share_of_true([e == g for e, g in zip(expected, given, strict=True)])


def class_scores(
    expected: Sequence[str], given: Sequence[str | None]
) -> tuple[Score, ...]:
    """One score for each expected label, in alphabetical order."""
    pairs = list(zip(expected, given, strict=True))
    right = Counter(e for e, g in pairs if e == g)
    named, wanted = Counter(given), Counter(expected)
    return tuple(
        score_counts(label, right[label], named[label], wanted[label])
        for label in sorted(wanted)
    )


def macro_f1(scores: Sequence[Score]) -> float | None:
    """The mean F1, every class with the same weight."""
    return sum(s.f1 or 0.0 for s in scores) / len(scores) if scores else None


def score_counts(label: str, right: int, given: int, expected: int) -> Score:
    """Precision, recall and F1 from counts of right, given and expected answers."""
    return Score(
        label=label,
        precision=right / given if given else None,
        recall=right / expected if expected else None,
        f1=2 * right / (given + expected) if given + expected else None,
        support=expected,
    )


def confusion_counts(
    expected: Sequence[str], given: Sequence[str | None]
) -> dict[str, dict[str, int]]:
    """How often each label (outer key) got each answer (inner key).

    Pairs that never occurred are left out.
    """
    matrix: dict[str, dict[str, int]] = {}
    for (e, g), count in sorted(
        Counter(
            (e, g or NO_ANSWER) for e, g in zip(expected, given, strict=True)
        ).items()
    ):
        matrix.setdefault(e, {})[g] = count
    return matrix


def calibration_error(
    confidences: Sequence[float], right: Sequence[bool], bins: int = 10
) -> float | None:
    """Expected calibration error: the mean gap between confidence and accuracy over equal bins.

    Bins are weighted by their tickets (Guo et al., On Calibration of Modern Neural Networks,
    2017, eq. 3). With few tickets chance alone causes an error: even perfect confidences come to
    about 0.1 for 80 tickets.
    """
    if not confidences:
        return None
    stated, hits = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    bin_of = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = np.bincount(bin_of, weights=stated - hits, minlength=bins)
    return float(np.abs(gaps).sum() / len(stated))


def coverage_at_accuracy(
    confidences: Sequence[float], right: Sequence[bool], at: float = 0.9
) -> float | None:
    """The largest share of tickets above some confidence threshold with accuracy of `at`."""
    if not confidences:
        return None
    stated = np.asarray(confidences, dtype=float)
    order = np.argsort(-stated, kind="stable")
    taken = np.arange(1, len(order) + 1)
    accurate = np.cumsum(np.asarray(right, dtype=float)[order]) / taken >= at
    # No threshold lies between equal confidences: they pass together or not at all.
    separable = np.append(np.diff(stated[order]) != 0, True)
    return float(taken[accurate & separable].max(initial=0) / len(order))


def levels_between(expected: Severity, given: Severity | None) -> int:
    """How many levels an answer is off; a missing one is further off than any other."""
    return (
        abs(SEVERITIES.index(expected) - SEVERITIES.index(given))
        if given
        else len(SEVERITIES)
    )


def field_scores(
    expected: Sequence[FieldValues], found: Sequence[FieldValues]
) -> tuple[Score, ...]:
    """Scores of the values of each labelled field, and of all fields together, last.

    A value is right when it equals a labelled one of the same field and ticket after
    `comparable_value`. Fields that no label names are not measured.
    """
    names = labelled_fields(expected)
    if not names:
        return ()
    counts = [count_values(name, expected, found) for name in names]
    right, given, wanted = (sum(column) for column in zip(*counts, strict=True))
    return (
        *(score_counts(n, *counted) for n, counted in zip(names, counts, strict=True)),
        score_counts("all", right, given, wanted),
    )


def count_values(
    name: str, expected: Sequence[FieldValues], found: Sequence[FieldValues]
) -> tuple[int, int, int]:
    """How many values of one field are right, found and expected, over all tickets."""
    right = given = wanted = 0
    for labelled, answered in zip(expected, found, strict=True):
        labels = set(map(comparable_value, labelled.get(name, ())))
        answers = set(map(comparable_value, answered.get(name, ())))
        right += len(labels & answers)
        given += len(answers)
        wanted += len(labels)
    return right, given, wanted


def labelled_fields(expected: Sequence[FieldValues]) -> list[str]:
    """The names of the labelled fields, sorted."""
    return sorted({name for row in expected for name in row})


def comparable_value(value: str | float) -> str | float:
    """A field's value as it is compared.

    Amounts are rounded to cents; texts ignore case, width and spacing.
    """
    if isinstance(value, str):
        return " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    return round(float(value), 2)


def measure_latency(milliseconds: Sequence[float]) -> Latency | None:
    """Median, 95th percentile and mean."""
    if not milliseconds:
        return None
    p50, p95 = np.percentile(np.asarray(milliseconds, dtype=float), [50, 95])
    return Latency(
        p50=float(p50), p95=float(p95), mean=sum(milliseconds) / len(milliseconds)
    )
