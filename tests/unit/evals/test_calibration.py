"""Temperatures that are known beforehand are found again, and the fit leaves alone what it must."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.errors import InputError
from evals.calibration import (
    MIN_TICKETS,
    cross_validated_error,
    fit_desk,
    fit_temperature,
)
from policies.loading.load import load_desk
from ticketgraph.assembly import SHIPPED_DESKS

DESK = "customer_support"


def drawn(
    temperature: float, tickets: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Scores, and labels drawn from their softmax at a temperature."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(tickets, 4))
    noise = random.gumbel(size=scores.shape)
    return scores, np.argmax(scores / temperature + noise, axis=1)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([0.2, 0.5, 1.0, 2.0]), st.integers(0, 1000))
def test_the_temperature_that_drew_the_labels_is_found(
    temperature: float, seed: int
) -> None:
    assert fit_temperature(*drawn(temperature, 4000, seed)) == pytest.approx(
        temperature, rel=0.2
    )


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 10), st.integers(0, 1000))
def test_scores_in_another_unit_give_the_temperature_in_that_unit(
    unit: float, seed: int
) -> None:
    scores, labels = drawn(0.5, 200, seed)
    assert fit_temperature(scores * unit, labels) == pytest.approx(
        fit_temperature(scores, labels) * unit, rel=1e-3
    )


def test_scores_that_are_always_right_give_a_finite_temperature() -> None:
    labels = np.arange(40) % 4
    assert 0 < fit_temperature(np.eye(4)[labels], labels) < 0.05


def test_scores_that_say_nothing_give_a_hot_one() -> None:
    scores, labels = np.eye(4)[np.arange(400) % 4], np.repeat(np.arange(4), 100)
    assert fit_temperature(scores, labels) > 50


def test_no_tickets_no_temperature() -> None:
    with pytest.raises(ValueError, match="no tickets"):
        fit_temperature(np.zeros((0, 4)), np.zeros(0, dtype=np.intp))


def test_a_fitted_temperature_is_calibrated_on_what_it_has_not_seen() -> None:
    error = cross_validated_error(*drawn(0.5, 4000, seed=1))
    assert error is not None
    assert error < 0.04


def test_one_ticket_cannot_be_fitted_and_measured() -> None:
    assert cross_validated_error(*drawn(1.0, 1, seed=1)) is None


def test_tickets_set_aside_are_not_fitted_on(tmp_path: Path) -> None:
    aside = tmp_path / "golden.test.jsonl"
    aside.write_text('{"id": "1", "category": "billing"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="set aside"):
        fit_desk(DESK, [aside], tmp_path)


@pytest.fixture
def desks(tmp_path: Path) -> Path:
    """A folder of desks that a test may write to."""
    shutil.copytree(SHIPPED_DESKS / DESK, tmp_path / DESK)
    return tmp_path


def labelled(folder: Path, count: int, **label: str) -> Path:
    """So many labelled tickets, in the words of the desk's own exemplars."""
    texts = [
        (text, c.id)
        for c in load_desk(SHIPPED_DESKS / DESK).categories
        for text in c.exemplars[::3]
    ][:count]
    rows = [
        {"id": str(n), "body": text, "category": category} | label
        for n, (text, category) in enumerate(texts)
    ]
    path = folder / "mine.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_a_fit_is_written_where_the_desk_reads_it(desks: Path) -> None:
    written = fit_desk(DESK, [labelled(desks, 1000)], desks)
    assert load_desk(desks / DESK).calibration == written
    assert written.tickets >= MIN_TICKETS
    assert written.fitted_on.startswith(
        "mine.jsonl (cross-validated calibration error 0."
    )
    schema = (
        (desks / DESK / "calibration.yaml").read_text(encoding="utf-8").splitlines()[0]
    )
    assert (
        schema
        == (SHIPPED_DESKS / DESK / "calibration.yaml")
        .read_text(encoding="utf-8")
        .splitlines()[0]
    )


@pytest.mark.parametrize(
    ("count", "label", "complaint"),
    [
        (5, {}, f"5 tickets of {DESK} can be used; at least {MIN_TICKETS}"),
        (1000, {"desk": "another"}, f"0 tickets of {DESK} can be used"),
        (1000, {"category": "gardening"}, "no category gardening"),
    ],
)
def test_what_cannot_be_fitted_changes_nothing(
    desks: Path, count: int, label: dict[str, str], complaint: str
) -> None:
    before = (desks / DESK / "calibration.yaml").read_bytes()
    with pytest.raises(InputError, match=complaint):
        fit_desk(DESK, [labelled(desks, count, **label)], desks)
    assert (desks / DESK / "calibration.yaml").read_bytes() == before
