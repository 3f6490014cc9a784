"""The figures, on small cases counted by hand and on properties that hold for all."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.metrics import (
    NO_ANSWER,
    Score,
    answer_accuracy,
    calibration_error,
    class_scores,
    comparable_value,
    confusion_counts,
    coverage_at_accuracy,
    field_scores,
    levels_between,
    macro_f1,
    measure_latency,
    score_counts,
    share_of_true,
)

labels = st.sampled_from(["a", "b", "c"])
answers = st.lists(
    st.tuples(labels, st.one_of(st.none(), labels)), min_size=1, max_size=40
)
judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_of_nothing_every_figure_is_unknown() -> None:
    assert (
        share_of_true([]),
        answer_accuracy([], []),
        macro_f1([]),
        calibration_error([], []),
        coverage_at_accuracy([], []),
    ) == (None,) * 5
    assert (
        class_scores([], []),
        confusion_counts([], []),
        field_scores([], []),
        measure_latency([]),
    ) == ((), {}, (), None)
    assert score_counts("x", 0, 0, 0) == Score(
        label="x", precision=None, recall=None, f1=None, support=0
    )


def test_scores_of_each_expected_class() -> None:
    scores = class_scores(["a", "a", "a", "b"], ["a", "b", None, "c"])
    assert scores == (
        Score(label="a", precision=1.0, recall=1 / 3, f1=0.5, support=3),
        Score(label="b", precision=0.0, recall=0.0, f1=0.0, support=1),
    )
    assert macro_f1(scores) == 0.25


def test_a_class_that_was_never_given_has_no_precision_and_counts_as_zero() -> None:
    scores = class_scores(["a", "b"], ["a", "a"])
    assert scores[1] == Score(label="b", precision=None, recall=0.0, f1=0.0, support=1)
    assert macro_f1(scores) == pytest.approx(1 / 3)


def test_the_confusion_matrix_names_missing_answers() -> None:
    assert confusion_counts(["a", "a", "b"], ["b", None, "b"]) == {
        "a": {NO_ANSWER: 1, "b": 1},
        "b": {"b": 1},
    }


@given(answers)
def test_the_confusion_matrix_holds_every_ticket_and_the_right_ones_on_its_diagonal(
    pairs: list[tuple[str, str | None]],
) -> None:
    expected, given_ = [e for e, _ in pairs], [g for _, g in pairs]
    matrix = confusion_counts(expected, given_)
    assert sum(sum(row.values()) for row in matrix.values()) == len(pairs)
    right = sum(row.get(label, 0) for label, row in matrix.items())
    assert answer_accuracy(expected, given_) == right / len(pairs)
    weighted = sum((s.recall or 0) * s.support for s in class_scores(expected, given_))
    assert weighted == pytest.approx(right)


def test_calibration_error_is_the_gap_of_each_bin_by_its_weight() -> None:
    # Bin .9-1: mean confidence .95 and accuracy .5 (2 tickets). Bin .2-.3: .25 and 0 (2 tickets).
    assert calibration_error(
        [0.9, 1.0, 0.2, 0.3 - 1e-12], [True, False, False, False]
    ) == pytest.approx(0.5 * 0.45 + 0.5 * 0.25)


def test_sure_and_right_is_calibrated_sure_and_wrong_is_not() -> None:
    assert calibration_error([1.0, 1.0], [True, True]) == 0
    assert calibration_error([1.0, 1.0], [False, False]) == 1


@given(judged)
def test_calibration_error_lies_between_zero_and_one(
    pairs: list[tuple[float, bool]],
) -> None:
    error = calibration_error([c for c, _ in pairs], [r for _, r in pairs])
    assert error is not None
    assert 0 <= error <= 1


def test_coverage_takes_the_most_that_stays_accurate() -> None:
    confidences = [0.9, 0.8, 0.7, 0.6, 0.5]
    assert (
        coverage_at_accuracy(confidences, [True, True, False, True, True], at=0.75)
        == 1.0
    )
    assert (
        coverage_at_accuracy(confidences, [True, True, False, False, True], at=0.75)
        == 0.4
    )
    assert (
        coverage_at_accuracy(confidences, [False, False, True, True, True], at=0.75)
        == 0.0
    )


def test_no_threshold_separates_equal_confidences() -> None:
    assert coverage_at_accuracy([0.9, 0.5, 0.5], [True, True, False]) == pytest.approx(
        1 / 3
    )
    assert coverage_at_accuracy([0.5, 0.5], [True, False]) == 0.0


@given(judged, st.floats(0.5, 1))
def test_coverage_can_be_reached_by_a_threshold(
    pairs: list[tuple[float, bool]], at: float
) -> None:
    share_through = coverage_at_accuracy(
        [c for c, _ in pairs], [r for _, r in pairs], at=at
    )
    assert share_through is not None
    reachable = {0.0}
    for threshold, _ in pairs:
        through = [right for confidence, right in pairs if confidence >= threshold]
        if sum(through) / len(through) >= at:
            reachable.add(len(through) / len(pairs))
    assert share_through == pytest.approx(max(reachable))


@pytest.mark.parametrize(
    ("value", "same"),
    [("ORD\u20111", "ord\u20101"), ("  A  b", "a B"), ("\uff211", "a1"), (19, 19.004)],
)
def test_values_that_count_as_the_same(value: str | float, same: str | float) -> None:
    assert comparable_value(value) == comparable_value(same)


@pytest.mark.parametrize(("value", "other"), [("A-1", "A1"), ("1", 1.0), (19.0, 19.01)])
def test_values_that_do_not(value: str | float, other: str | float) -> None:
    assert comparable_value(value) != comparable_value(other)


def test_fields_are_judged_by_value_and_only_those_that_are_labelled() -> None:
    scores = field_scores(
        [{"order_id": ["A-1", "A-2"]}, {"order_id": []}, {"amount": [5.0]}],
        [
            {"order_id": ["a-1"], "url": ["x"]},
            {"order_id": ["B"]},
            {"amount": [5, 6.0]},
        ],
    )
    assert scores == (
        Score(label="amount", precision=0.5, recall=1.0, f1=2 / 3, support=1),
        Score(label="order_id", precision=0.5, recall=0.5, f1=0.5, support=2),
        Score(label="all", precision=0.5, recall=2 / 3, f1=4 / 7, support=3),
    )


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from("xy"), st.lists(st.sampled_from(["1", "2", 3.0]))
        ),
        max_size=8,
    )
)
def test_fields_compared_with_themselves_are_never_wrong(
    rows: list[dict[str, list[str | float]]],
) -> None:
    assert all(
        s.precision in (None, 1.0) and s.recall in (None, 1.0)
        for s in field_scores(rows, rows)
    )


def test_levels_between_severities() -> None:
    assert [
        levels_between("high", given_) for given_ in ("high", "critical", "low")
    ] == [0, 1, 2]
    assert levels_between("high", None) > levels_between("critical", "low")


@given(st.lists(st.floats(0.01, 1e6), min_size=1))
def test_latency_lies_within_what_was_measured(milliseconds: list[float]) -> None:
    times = measure_latency(milliseconds)
    assert times is not None
    low, high = min(milliseconds), max(milliseconds)
    assert low <= times.p50 <= times.p95 <= high * (1 + 1e-12)
    assert math.isclose(times.mean, sum(milliseconds) / len(milliseconds))
