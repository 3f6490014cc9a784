"""Fits a desk's learned models on labelled tickets (`ticketgraph train`).

Needs scikit-learn, which running does not. Deterministic: the same examples give the same
file.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from contracts.values import SEVERITIES
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import Embedder
from engines.embedding.stored_vectors import CachedEmbedder
from engines.local.answers.knowledge import KnowledgeBase
from engines.local.categories.learned_models import (
    LearnedModels,
    blend_scores,
    build_severity_features,
)
from engines.local.categories.scorer import CategoryScorer
from engines.local.categories.zero_shot import UNFITTED_TEMPERATURE, ZeroShotScorer
from evals.calibration import category_labels, write_calibration
from evals.labels import LabelledTicket, read_labelled
from policies.desk.model import Desk
from policies.loading.load import LEARNED_FILE, VECTORS_FILE, load_desk
from policies.severity.assess import assess_severity
from text.cleaning import TextCleaner

CATEGORY_STRENGTH = 3.0
SEVERITY_STRENGTH = 0.3
"""Inverse regularisation, chosen by cross-validation that leaves out one author at a time."""

MAX_FALSE_CRITICAL = 0.04
"""Share of the examples below critical that may be judged critical.

Nearly half of them are near misses, written to be mistaken; in ordinary tickets the share
is lower.
"""

FOLDS = 5


class FitReport(BaseModel):
    """Cross-validated figures of a fit."""

    desk: str
    examples: int
    category_accuracy: float
    severity_accuracy: float
    critical_recall: float
    false_critical: float


def train_desk(folder: Path, files: Sequence[Path]) -> FitReport:
    """Fit the desk in `folder` on labelled tickets; write its models, vectors, calibration.

    Categories are learned from the desk's own examples, severities from those of every
    desk, because severe is the same everywhere. Raises InputError for a category that the
    desk does not have, DeskError for invalid policies.
    """
    desk, rows = load_desk(folder), read_complete_rows(files)
    embedder, cleaner = Embedder.load(), TextCleaner(desk.settings.languages)
    texts = [cleaner.clean(row.subject, row.body).text for row in rows]
    meaning = embedder.embed(texts)
    own = [number for number, row in enumerate(rows) if row.desk == desk.id]
    own_labels = category_labels(desk, [rows[i] for i in own])
    category_weights, unseen = fit_categories(desk, meaning[own], own_labels, embedder)
    signals = tuple(sorted(signal.id for signal in desk.signals))
    features = severity_feature_rows(texts, meaning, desk, signals)
    labels = np.array([SEVERITIES.index(row.severity or "low") for row in rows])
    severity_weights, critical_from, fitted = fit_severities(features, labels)
    learned = LearnedModels(
        categories=tuple(category.id for category in desk.categories),
        category_weights=category_weights,
        signals=signals,
        severity_weights=severity_weights,
        critical_from=critical_from,
    )
    (folder / LEARNED_FILE).write_bytes(learned.dump_npz())
    write_vectors(folder, embedder)
    write_calibration(folder, unseen, own_labels, "examples left out of the fit")
    accuracy = float(np.mean(unseen.argmax(axis=1) == own_labels))
    return FitReport(
        desk=desk.id, examples=len(rows), category_accuracy=accuracy, **fitted
    )


def read_complete_rows(files: Sequence[Path]) -> list[LabelledTicket]:
    """The tickets of the files that have both a category and a severity."""
    every = chain.from_iterable(map(read_labelled, files))
    return [row for row in every if row.category and row.severity]


def write_vectors(folder: Path, embedder: Embedder) -> None:
    """Embed every text the desk starts with, and write the vectors to its `vectors.npz`."""
    desk, known = load_desk(folder), CachedEmbedder(embedder)
    CategoryScorer(known, desk)
    KnowledgeBase(known, BatchingEmbedder(known), [desk])
    (folder / VECTORS_FILE).write_bytes(known.dump_vectors())


def severity_feature_rows(
    texts: Sequence[str], meaning: NDArray[Any], desk: Desk, signals: Sequence[str]
) -> NDArray[Any]:
    """The severity model's features, one row a text."""
    verdicts = [assess_severity(text, desk.severities, desk.signals) for text in texts]
    pairs = zip(meaning, verdicts, strict=True)
    return np.stack(
        [build_severity_features(vector, verdict, signals) for vector, verdict in pairs]
    )


def fit_categories(
    desk: Desk, meaning: NDArray[Any], labels: NDArray[np.intp], embedder: Embedder
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The category model's weights, and cross-validated scores of the examples.

    Fitted on examples and exemplars; each score is from a fit without that example.
    """
    exemplars = [
        (text, i)
        for i, category in enumerate(desk.categories)
        for text in category.exemplars
    ]
    model = LogisticRegression(C=CATEGORY_STRENGTH, max_iter=5000)
    chances: Any = cross_val_predict(
        model, meaning, labels, cv=example_folds(), method="predict_proba"
    )
    zero_shot = ZeroShotScorer(embedder, desk.categories)
    unseen = [
        list(
            blend_scores(
                zero_shot.score_categories(vector),
                dict(zip(zero_shot.categories, row, strict=True)),
                UNFITTED_TEMPERATURE,
            ).values()
        )
        for vector, row in zip(meaning, chances, strict=True)
    ]
    everything = np.vstack((meaning, embedder.embed([text for text, _ in exemplars])))
    model.fit(everything, np.concatenate((labels, [i for _, i in exemplars])))
    return weight_matrix(model), np.array(unseen)


def fit_severities(
    features: NDArray[Any], labels: NDArray[Any]
) -> tuple[NDArray[Any], float, dict[str, float]]:
    """The severity model's weights, the chance from which a ticket is critical, and its figures.

    The figures are cross-validated.
    """
    model = LogisticRegression(C=SEVERITY_STRENGTH, max_iter=5000)
    unseen: Any = cross_val_predict(
        model, features, labels, cv=example_folds(), method="predict_proba"
    )
    worst = len(SEVERITIES) - 1
    critical = labels == worst
    critical_from = critical_threshold(unseen[:, worst], critical)
    judged = unseen[:, worst] >= critical_from
    severities = np.where(judged, worst, unseen[:, :worst].argmax(axis=1))
    return (
        weight_matrix(model.fit(features, labels)),
        critical_from,
        {
            "severity_accuracy": float(np.mean(severities == labels)),
            "critical_recall": float(np.mean(judged[critical])),
            "false_critical": float(np.mean(judged[~critical])),
        },
    )


def example_folds() -> StratifiedKFold:
    """A fixed division of the examples for cross-validation."""
    return StratifiedKFold(FOLDS, shuffle=True, random_state=0)


def critical_threshold(chances: NDArray[Any], critical: NDArray[Any]) -> float:
    """The lowest chance that judges at most `MAX_FALSE_CRITICAL` of the other tickets critical."""
    others = np.sort(chances[~critical])[::-1]
    return float(np.nextafter(others[int(MAX_FALSE_CRITICAL * len(others))], 1))


def weight_matrix(model: LogisticRegression) -> NDArray[Any]:
    """Coefficients and intercept as one matrix, a row a class."""
    fitted: Any = model
    return np.hstack((fitted.coef_, fitted.intercept_[:, None]))
