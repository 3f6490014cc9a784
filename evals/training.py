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

from contracts.values import SEVERITIES
from engines.local.batching import BatchingEmbedder
from engines.local.categories import CategoryScorer
from engines.local.cleaning import TextCleaner
from engines.local.embedder import Embedder
from engines.local.knowledge import Knowledge
from engines.local.learned import Learned, severity_features
from engines.local.vectors import KnownTexts
from evals.labels import LabelledTicket, read_labelled
from policies.desk import Desk
from policies.loading import LEARNED_FILE, VECTORS_FILE, load_desk
from policies.severity import assess

CATEGORY_STRENGTH = 3.0
SEVERITY_STRENGTH = 0.3
"""Inverse regularisation, chosen by leaving out one author's examples at a time."""

FALSE_CRITICAL = 0.04
"""Share of the examples that are not critical and may still be judged so. Nearly half of them are near misses,
written to be mistaken; in ordinary tickets the share is lower."""

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
    """Fit the desk in `folder` on labelled tickets and write its `learned.npz`. Raises InputError, DeskError.

    Categories are learned from the desk's own examples, severities from those of every desk: bad is bad anywhere.
    """
    desk = load_desk(folder)
    rows = [row for file in files for row in read_labelled(file) if row.category and row.severity]
    embedder, cleaner = Embedder.load(), TextCleaner(desk.settings.languages)
    texts = [cleaner.clean(row.subject, row.body).text for row in rows]
    meaning = embedder.embed(texts)
    own = [number for number, row in enumerate(rows) if row.desk == desk.id]
    category_weights, category_accuracy = learn_categories(desk, [rows[i] for i in own], meaning[own], embedder)
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
    return Fitted(desk=desk.id, examples=len(rows), category_accuracy=category_accuracy, **fitted)


def write_vectors(folder: Path, embedder: Embedder) -> None:
    """Read every text that the desk is started with, and keep what they read like in its `vectors.npz`."""
    desk, known = load_desk(folder), KnownTexts(embedder)
    CategoryScorer(known, desk)
    Knowledge(known, BatchingEmbedder(known), [desk])
    (folder / VECTORS_FILE).write_bytes(known.dump())


def severities_of(texts: Sequence[str], meaning: NDArray[Any], desk: Desk, signals: Sequence[str]) -> NDArray[Any]:
    """The severity model's features, one row a text."""
    verdicts = [assess(text, desk.severities, desk.signals) for text in texts]
    pairs = zip(meaning, verdicts, strict=True)
    return np.stack([severity_features(vector, verdict, signals) for vector, verdict in pairs])


def learn_categories(
    desk: Desk, rows: Sequence[LabelledTicket], meaning: NDArray[Any], embedder: Embedder
) -> tuple[NDArray[Any], float]:
    """The category model's weights, from examples and exemplars, and its accuracy on examples it has not seen."""
    categories = [category.id for category in desk.categories]
    labels = np.array([categories.index(str(row.category)) for row in rows])
    exemplars = [(text, i) for i, category in enumerate(desk.categories) for text in category.exemplars]
    model = LogisticRegression(C=CATEGORY_STRENGTH, max_iter=5000)
    guessed: Any = cross_val_predict(model, meaning, labels, cv=folds())
    everything = np.vstack((meaning, embedder.embed([text for text, _ in exemplars])))
    model.fit(everything, np.concatenate((labels, [i for _, i in exemplars])))
    return weights(model), float(np.mean(guessed == labels))


def learn_severities(features: NDArray[Any], labels: NDArray[Any]) -> tuple[NDArray[Any], float, dict[str, float]]:
    """The severity model's weights, the chance from which a ticket is critical, and how it does on unseen examples."""
    model = LogisticRegression(C=SEVERITY_STRENGTH, max_iter=5000)
    unseen: Any = cross_val_predict(model, features, labels, cv=folds(), method="predict_proba")
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
    """The lowest chance at which no more than the allowed share of the others is taken for critical."""
    others = np.sort(chances[~critical])[::-1]
    return float(np.nextafter(others[int(FALSE_CRITICAL * len(others))], 1))


def weights(model: LogisticRegression) -> NDArray[Any]:
    """Coefficients and intercept as one matrix, a row a class."""
    fitted: Any = model
    return np.hstack((fitted.coef_, fitted.intercept_[:, None]))
