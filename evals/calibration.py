"""Fits a desk's category temperature on labelled tickets that no other figure is taken from."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from numpy.typing import NDArray

from contracts.errors import InputError
from engines.embedding.embedder import Embedder
from engines.local.categories.scorer import CategoryScorer
from evals.labels import LabelledTicket, read_labelled
from evals.metrics import calibration_error
from policies.desk.model import Calibration, Desk
from policies.loading.load import load_desk
from text.cleaning import TextCleaner
from ticketgraph.assembly import SHIPPED_DESKS

MIN_TICKETS: Final = 30
"""Fewest tickets that a temperature is fitted on."""

_COLDEST, _HOTTEST = 1e-3, 1e2
_GOLDEN_SECTION = (np.sqrt(5) - 1) / 2
_SEARCH_STEPS = 40
_FOLDS = 5
_TEST_FILE_MARK = ".test."
_FILE_HEADER = """\
# yaml-language-server: $schema=../../schema/calibration.schema.json
# Written by a fit on labelled tickets. Without a temperature every confidence counts as
# uncalibrated, and nothing is resolved without a person.
"""

CALIBRATION_FILE = "calibration.yaml"


def fit_temperature(scores: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """The temperature in [0.001, 100] that makes the labels likeliest.

    `scores` is [n, k], `labels` has n column numbers; probabilities are softmax(scores /
    temperature). Temperature scaling, Guo et al., On Calibration of Modern Neural Networks,
    2017; the loss has one minimum, found by golden-section search. Raises ValueError for no
    tickets.
    """
    if not len(labels):
        raise ValueError("a temperature cannot be fitted on no tickets")
    low, high = np.log(_COLDEST), np.log(_HOTTEST)
    for _ in range(_SEARCH_STEPS):
        left, right = (
            high - _GOLDEN_SECTION * (high - low),
            low + _GOLDEN_SECTION * (high - low),
        )
        if _log_loss(scores, labels, np.exp(left)) < _log_loss(
            scores, labels, np.exp(right)
        ):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def _log_loss(
    scores: NDArray[np.float64], labels: NDArray[np.intp], temperature: float
) -> float:
    return -float(
        _log_softmax(scores, temperature)[np.arange(len(labels)), labels].mean()
    )


def _log_softmax(
    scores: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    logits = (scores - scores.max(axis=1, keepdims=True)) / temperature
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def cross_validated_error(
    scores: NDArray[np.float64], labels: NDArray[np.intp], folds: int = _FOLDS
) -> float | None:
    """Expected calibration error on tickets that the temperature was not fitted on.

    None when there are too few tickets to divide.
    """
    fold_of = np.arange(len(labels)) % folds
    stated, right = np.zeros(len(labels)), np.zeros(len(labels), dtype=bool)
    for fold in range(min(folds, len(labels))):
        held_out = fold_of == fold
        if held_out.all():
            return None
        fitted = fit_temperature(scores[~held_out], labels[~held_out])
        chances = np.exp(_log_softmax(scores[held_out], fitted))
        stated[held_out], right[held_out] = (
            chances.max(axis=1),
            chances.argmax(axis=1) == labels[held_out],
        )
    return calibration_error(stated.tolist(), right.tolist())


def fit_desk(
    desk_id: str, files: Sequence[Path], desks_dir: Path = SHIPPED_DESKS
) -> Calibration:
    """Fit a desk's category temperature and write it to the desk's `calibration.yaml`.

    Tickets of other desks, without a category, or in a language the desk does not read are left
    out. `fitted_on` names the files and the cross-validated calibration error. Raises InputError
    for a file reserved for testing, a category the desk does not have, or under 30 tickets;
    DeskError for invalid policies.
    """
    if aside := [file.name for file in files if _TEST_FILE_MARK in file.name]:
        raise InputError(
            f"{aside[0]} is set aside for the final figure; fit on other tickets"
        )
    desk = load_desk(desks_dir / desk_id)
    rows = [
        row
        for file in files
        for row in read_labelled(file)
        if row.desk == desk_id and row.category
    ]
    scores, labels = category_scores(desk, rows)
    if len(labels) < MIN_TICKETS:
        raise InputError(
            f"{len(labels)} tickets of {desk_id} can be used; at least {MIN_TICKETS} are needed"
        )
    return write_calibration(
        desks_dir / desk_id, scores, labels, ", ".join(file.name for file in files)
    )


def write_calibration(
    folder: Path, scores: NDArray[np.float64], labels: NDArray[np.intp], fitted_on: str
) -> Calibration:
    """Fit a temperature and write `calibration.yaml`.

    The scores must be of tickets that the scoring models were not fitted on.
    """
    error = cross_validated_error(scores, labels)
    calibration = Calibration(
        category_temperature=round(fit_temperature(scores, labels), 4),
        fitted_on=f"{fitted_on} (cross-validated calibration error {error:.3f})",
        tickets=len(labels),
    )
    text = yaml.safe_dump(
        calibration.model_dump(), sort_keys=False, allow_unicode=True, width=120
    )
    (folder / CALIBRATION_FILE).write_text(_FILE_HEADER + text, encoding="utf-8")
    return calibration


def category_scores(
    desk: Desk, rows: Sequence[LabelledTicket]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The local engine's raw scores [n, k] of tickets it can read, and their labels [n].

    Raises InputError for a category that the desk does not have.
    """
    labels = category_labels(desk, rows)
    embedder, cleaner = Embedder.load(), TextCleaner(desk.settings.languages)
    classifier = CategoryScorer(embedder, desk)
    scores: list[list[float]] = []
    kept: list[int] = []
    for label, row in zip(labels, rows, strict=True):
        clean = cleaner.clean(row.subject, row.body)
        if clean.supported_language:
            vector = embedder.embed([clean.text])[0]
            scores.append(list(classifier.score_categories(vector).values()))
            kept.append(label)
    return np.array(scores, dtype=np.float64), np.array(kept, dtype=np.intp)


def category_labels(desk: Desk, rows: Sequence[LabelledTicket]) -> NDArray[np.intp]:
    """Each row's category as its number in the desk.

    Raises InputError for a category that the desk does not have.
    """
    categories = [category.id for category in desk.categories]
    for row in rows:
        if row.category not in categories:
            msg = f"{row.id}: the desk {desk.id} has no category {row.category}"
            raise InputError(msg)
    numbers = [categories.index(str(row.category)) for row in rows]
    return np.array(numbers, dtype=np.intp)
