"""Fits how sure a desk may be of a category, from labelled tickets that decide no other figure."""

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
"""Fewer tickets say too little about a temperature."""

_COLDEST, _HOTTEST = 1e-3, 1e2
_GOLDEN_SECTION = (np.sqrt(5) - 1) / 2
_SEARCH_STEPS = 40
_FOLDS = 5
_TEST_FILE_MARK = ".test."
_FILE_HEADER = """\
# yaml-language-server: $schema=../../schema/calibration.schema.json
# Written by a fit on labelled tickets. Without a temperature every confidence counts as uncalibrated, and
# nothing is resolved without a person.
"""

CALIBRATION_FILE = "calibration.yaml"


def fit_temperature(scores: NDArray[np.float64], labels: NDArray[np.intp]) -> float:
    """The temperature in [0.001, 100] under which softmax(scores / temperature) makes the
    labels most likely.

    `scores` is [n, k], `labels` holds n columns of it. Temperature scaling, Guo et al., On
    Calibration of Modern Neural Networks, 2017; the loss has one minimum in the
    temperature, found by golden-section search. Raises ValueError for no tickets.
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
    """Expected calibration error of a temperature that was fitted without the tickets it is
    measured on.
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

    Tickets of other desks, without a category, or in a language the desk does not read are
    left out. `fitted_on` names the files and the cross-validated calibration error. Raises
    InputError for a file set aside for testing, a category the desk does not have, or under
    30 tickets; DeskError for invalid policies.
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
    """Fit a temperature on scores of tickets that had no part in making them, and write
    `calibration.yaml`.
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
    """The local engine's raw scores [n, k] of the tickets it does not abstain from, and
    their labels [n].

    Raises InputError for a category that the desk does not have.
    """
    embedder, cleaner = Embedder.load(), TextCleaner(desk.settings.languages)
    classifier = CategoryScorer(embedder, desk)
    scores: list[list[float]] = []
    labels: list[int] = []
    for row in rows:
        if row.category not in classifier.categories:
            raise InputError(
                f"{row.id}: the desk {desk.id} has no category {row.category}"
            )
        clean = cleaner.clean(row.subject, row.body)
        if clean.supported_language:
            scores.append(
                list(
                    classifier.score_categories(
                        embedder.embed([clean.text])[0]
                    ).values()
                )
            )
            labels.append(classifier.categories.index(row.category))
    return np.array(scores, dtype=np.float64), np.array(labels, dtype=np.intp)
