"""Fits a desk's learned models on labelled tickets (`ticketgraph train`).

Needs scikit-learn, which is not needed to run. Deterministic: the same examples give the same file.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from contracts.errors import InputError
from contracts.values import SEVERITIES
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import Embedder
from engines.embedding.known_texts import KnownTexts
from engines.local.answers.knowledge import Knowledge
from engines.local.categories.learned import Learned, blended, severity_features
from engines.local.categories.scorer import CategoryScorer
from engines.local.categories.zero_shot import UNFITTED_TEMPERATURE, ZeroShot
from evals.calibration import write_calibration
from evals.labels import LabelledTicket, read_labelled
from policies.desk.model import Desk
from policies.loading.load import LEARNED_FILE, VECTORS_FILE, load_desk
from policies.severity.judge import assess
from text.cleaning import TextCleaner

CATEGORY_STRENGTH = 3.0
SEVERITY_STRENGTH = 0.3
"""Inverse regularisation, chosen by leaving out one author's examples at a time."""

FALSE_CRITICAL = 0.04
"""Share of the examples that are not critical and may still be judged so.

Nearly half of them are near misses, written to be mistaken; in ordinary tickets the share
is lower.
"""

FOLDS = 5


class Fitted(BaseModel):
    """What came of a fit, cross-validated on the examples."""

    desk: str
    examples: int
    category_accuracy: float
    severity_accuracy: float
    critical_recall: float
    false_critical: float


def train(folder: Path, files: Sequence[Path]) -> Fitted:
    """Fit the desk in `folder` on labelled tickets and write what it learns, its vectors
    and its calibration.

    Raises InputError for a category that the desk does not have, DeskError for invalid policies.

    Categories are learned from the desk's own examples, severities from those of every
    desk: bad is bad anywhere.
    """
    desk = load_desk(folder)
    rows = [
        row
        for file in files
        for row in read_labelled(file)
        if row.category and row.severity
    ]
    embedder, cleaner = Embedder.load(), TextCleaner(desk.settings.languages)
    texts = [cleaner.clean(row.subject, row.body).text for row in rows]
    meaning = embedder.embed(texts)
    own = [number for number, row in enumerate(rows) if row.desk == desk.id]
    own_labels = category_labels(desk, [rows[i] for i in own])
    category_weights, unseen = learn_categories(
        desk, meaning[own], own_labels, embedder
    )
    signals = tuple(sorted(signal.id for signal in desk.signals))
    features = severities_of(texts, meaning, desk, signals)
    labels = np.array([SEVERITIES.index(row.severity) for row in rows if row.severity])
    severity_weights, critical_from, fitted = learn_severities(features, labels)
    learned = Learned(
        categories=tuple(category.id for category in desk.categories),
        category_weights=category_weights,
        signals=signals,
        severity_weights=severity_weights,
        critical_from=critical_from,
    )
    (folder / LEARNED_FILE).write_bytes(learned.dump())
    write_vectors(folder, embedder)
    write_calibration(folder, unseen, own_labels, "examples left out of the fit")
    accuracy = float(np.mean(unseen.argmax(axis=1) == own_labels))
    return Fitted(
        desk=desk.id, examples=len(rows), category_accuracy=accuracy, **fitted
    )


def write_vectors(folder: Path, embedder: Embedder) -> None:
    """Read every text that the desk is started with, and keep what they read like in its
    `vectors.npz`.
    """
    desk, known = load_desk(folder), KnownTexts(embedder)
    CategoryScorer(known, desk)
    Knowledge(known, BatchingEmbedder(known), [desk])
    (folder / VECTORS_FILE).write_bytes(known.dump())


def severities_of(
    texts: Sequence[str], meaning: NDArray[Any], desk: Desk, signals: Sequence[str]
) -> NDArray[Any]:
    """The severity model's features, one row a text."""
    verdicts = [assess(text, desk.severities, desk.signals) for text in texts]
    pairs = zip(meaning, verdicts, strict=True)
    return np.stack(
        [severity_features(vector, verdict, signals) for vector, verdict in pairs]
    )


def category_labels(desk: Desk, rows: Sequence[LabelledTicket]) -> NDArray[np.intp]:
    """Each row's category as its number in the desk.

    Raises InputError for one that the desk does not have.
    """
    categories = [category.id for category in desk.categories]
    for row in rows:
        if row.category not in categories:
            raise InputError(
                f"{row.id}: the desk {desk.id} has no category {row.category}"
            )
    return np.array(
        [categories.index(str(row.category)) for row in rows], dtype=np.intp
    )


def learn_categories(
    desk: Desk, meaning: NDArray[Any], labels: NDArray[np.intp], embedder: Embedder
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The category model's weights, from examples and exemplars, and the desk's scores of
    examples not learned from.
    """
    exemplars = [
        (text, i)
        for i, category in enumerate(desk.categories)
        for text in category.exemplars
    ]
    model = LogisticRegression(C=CATEGORY_STRENGTH, max_iter=5000)
    chances: Any = cross_val_predict(
        model, meaning, labels, cv=folds(), method="predict_proba"
    )
    zero_shot = ZeroShot(embedder, desk.categories)
    unseen = [
        list(
            blended(
                zero_shot.scores(vector),
                dict(zip(zero_shot.categories, row, strict=True)),
                UNFITTED_TEMPERATURE,
            ).values()
        )
        for vector, row in zip(meaning, chances, strict=True)
    ]
    everything = np.vstack((meaning, embedder.embed([text for text, _ in exemplars])))
    model.fit(everything, np.concatenate((labels, [i for _, i in exemplars])))
    return weights(model), np.array(unseen)


def learn_severities(
    features: NDArray[Any], labels: NDArray[Any]
) -> tuple[NDArray[Any], float, dict[str, float]]:
    """The severity model's weights, the chance from which a ticket is critical, and how it
    does on unseen examples.
    """
    model = LogisticRegression(C=SEVERITY_STRENGTH, max_iter=5000)
    unseen: Any = cross_val_predict(
        model, features, labels, cv=folds(), method="predict_proba"
    )
    worst = len(SEVERITIES) - 1
    critical = labels == worst
    critical_from = threshold(unseen[:, worst], critical)
    judged = unseen[:, worst] >= critical_from
    severities = np.where(judged, worst, unseen[:, :worst].argmax(axis=1))
    return (
        weights(model.fit(features, labels)),
        critical_from,
        {
            "severity_accuracy": float(np.mean(severities == labels)),
            "critical_recall": float(np.mean(judged[critical])),
            "false_critical": float(np.mean(judged[~critical])),
        },
    )


def folds() -> StratifiedKFold:
    """The same division of the examples every time."""
    return StratifiedKFold(FOLDS, shuffle=True, random_state=0)


def threshold(chances: NDArray[Any], critical: NDArray[Any]) -> float:
    """The lowest chance at which no more than the allowed share of the others is taken for
    critical.
    """
    others = np.sort(chances[~critical])[::-1]
    return float(np.nextafter(others[int(FALSE_CRITICAL * len(others))], 1))


def weights(model: LogisticRegression) -> NDArray[Any]:
    """Coefficients and intercept as one matrix, a row a class."""
    fitted: Any = model
    return np.hstack((fitted.coef_, fitted.intercept_[:, None]))
