"""Scores categories without labels: a ticket is compared with exemplars and descriptions.

Measured on public tickets that nothing here was fitted on: the number and breadth of the
exemplars decide (8 to 28 a category bring eight points of accuracy), the formula little.
Separate views of subject, body and sentences bring nothing over one vector of the whole
text.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.embedding.embedder import TextEmbedder
from engines.local.categories.contrast import GroupRegression
from policies.desk.model import Category

UNFITTED_TEMPERATURE: Final = 0.125
"""Temperature for a desk without a fitted one.

The best one for public tickets; probabilities stay uncalibrated.
"""

_NEAREST_EXEMPLARS: Final = 3
_DESCRIPTION_WEIGHT: Final = 0.5
_CONTRAST_WEIGHT: Final = 0.5
_SECONDARY_MARGIN: Final = 0.1
_MIN_STANDOUT: Final = 0.08
"""Lead over the third category with which the second is named, however far the first leads."""
_MAX_SECONDARY: Final = 2


class CategoryChoice(NamedTuple):
    """The category with the highest score, and those close to it, best first."""

    category: str
    secondary: tuple[str, ...]


class ZeroShotScorer:
    """A desk's categories as vectors, computed once.

    Works for the languages of its embedder.
    """

    def __init__(self, embedder: TextEmbedder, categories: Sequence[Category]) -> None:
        self.categories = tuple(category.id for category in categories)
        self._descriptions = embedder.embed(
            [f"{category.title}. {category.description}" for category in categories]
        )
        texts = [
            category.exemplars or (category.description,) for category in categories
        ]
        self._exemplars = [embedder.embed(exemplars) for exemplars in texts]
        self._contrast = GroupRegression(
            [
                np.vstack(pair)
                for pair in zip(self._exemplars, self._descriptions, strict=True)
            ]
        )

    def score_categories(self, embedding: NDArray[np.float32]) -> dict[str, float]:
        """Raw score of each category for a ticket's unit vector [d]; comparable within one desk.

        The mean similarity to the three nearest exemplars, half the similarity to the description,
        and half the category's score in a regression between all categories' exemplars.
        """
        nearest = np.array(
            [
                np.sort(exemplars @ embedding)[-_NEAREST_EXEMPLARS:].mean()
                for exemplars in self._exemplars
            ]
        )
        description = self._descriptions @ embedding
        totals = (
            nearest
            + _DESCRIPTION_WEIGHT * description
            + _CONTRAST_WEIGHT * self._contrast.score_groups(embedding)
        )
        return dict(zip(self.categories, totals.tolist(), strict=True))


def scores_to_probabilities(
    scores: Mapping[str, float], temperature: float
) -> dict[str, float]:
    """Softmax of raw scores. The lower the temperature (above 0), the surer."""
    logits = np.fromiter(scores.values(), dtype=np.float64) / temperature
    weights = np.exp(logits - logits.max())
    return dict(zip(scores, (weights / weights.sum()).tolist(), strict=True))


def choose_category(scores: Mapping[str, float]) -> CategoryChoice:
    """The best category, and at most two others within 0.1 of it.

    When none is that close, the second is named if it clearly leads the third: a defect is
    always a technical matter too, and the regression between the two would hide it.
    """
    best, *others = sorted(scores, key=lambda category: -scores[category])
    close = [
        category
        for category in others
        if scores[best] - scores[category] <= _SECONDARY_MARGIN
    ]
    if (
        not close
        and len(others) > 1
        and scores[others[0]] - scores[others[1]] >= _MIN_STANDOUT
    ):
        close = others[:1]
    return CategoryChoice(best, tuple(close[:_MAX_SECONDARY]))
