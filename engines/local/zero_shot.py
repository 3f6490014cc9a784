"""Categories without a single label: a ticket is compared with each category's exemplars and description.

Measured on public tickets that nothing here was fitted on: the number and breadth of the exemplars decide (8 to 28 a
category bring eight points of accuracy), the formula little. Separate views of subject, body and sentences bring
nothing over one vector of the whole text.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.local.embedder import TextEmbedder
from policies.desk import Category

UNFITTED_TEMPERATURE: Final = 0.125
"""Temperature for a desk that has none fitted: the best for public tickets, which makes no probability calibrated."""

_NEAREST: Final = 3
_DESCRIPTION_WEIGHT: Final = 0.5
_CONTRAST_WEIGHT: Final = 0.5
_RIDGE: Final = 1.0
_SECONDARY_MARGIN: Final = 0.1
_MAX_SECONDARY: Final = 2


class Choice(NamedTuple):
    """The category with the highest score, and those that come close, best first."""

    category: str
    secondary: tuple[str, ...]


class ZeroShot:
    """A desk's categories as vectors, computed once. Speaks the languages that its embedder speaks."""

    def __init__(self, embedder: TextEmbedder, categories: Sequence[Category]) -> None:
        self.categories = tuple(category.id for category in categories)
        self._descriptions = embedder.embed([f"{category.title}. {category.description}" for category in categories])
        texts = [category.exemplars or (category.description,) for category in categories]
        self._exemplars = [embedder.embed(exemplars) for exemplars in texts]
        self._contrast = _Contrast([np.vstack(pair) for pair in zip(self._exemplars, self._descriptions, strict=True)])

    def scores(self, embedding: NDArray[np.float32]) -> dict[str, float]:
        """Raw score of each category for a ticket's unit vector [d]; comparable within one desk only.

        The mean similarity to the three nearest exemplars, half the similarity to the description, and half of what
        sets the category's exemplars apart from the others'.
        """
        nearest = np.array([np.sort(exemplars @ embedding)[-_NEAREST:].mean() for exemplars in self._exemplars])
        description = self._descriptions @ embedding
        totals = nearest + _DESCRIPTION_WEIGHT * description + _CONTRAST_WEIGHT * self._contrast.scores(embedding)
        return dict(zip(self.categories, totals.tolist(), strict=True))


class _Contrast:
    """Ridge regression from vectors to categories, in closed form, each category with the same weight.

    It weighs what tells the categories apart, where similarity alone weighs what they share as well.
    """

    def __init__(self, exemplars: Sequence[NDArray[np.float32]]) -> None:
        rows = np.vstack(exemplars).astype(np.float64)
        labels = np.repeat(np.arange(len(exemplars)), [len(group) for group in exemplars])
        targets = np.eye(len(exemplars))[labels]
        share = len(exemplars) * np.bincount(labels)[labels] / len(rows)
        self._center = rows.mean(axis=0)
        centered = rows - self._center
        dual = np.linalg.solve(centered @ centered.T + _RIDGE * np.diag(share), targets - targets.mean(axis=0))
        self._weights = centered.T @ dual

    def scores(self, embedding: NDArray[np.float32]) -> NDArray[np.float64]:
        return (embedding - self._center) @ self._weights


def probabilities(scores: Mapping[str, float], temperature: float) -> dict[str, float]:
    """Softmax of raw scores. The lower the temperature (above 0), the surer."""
    logits = np.fromiter(scores.values(), dtype=np.float64) / temperature
    weights = np.exp(logits - logits.max())
    return dict(zip(scores, (weights / weights.sum()).tolist(), strict=True))


def choose(scores: Mapping[str, float]) -> Choice:
    """Pick the best category and at most two more that score within 0.1 of it."""
    best, *others = sorted(scores, key=lambda category: -scores[category])
    close = [category for category in others if scores[best] - scores[category] <= _SECONDARY_MARGIN]
    return Choice(best, tuple(close[:_MAX_SECONDARY]))
