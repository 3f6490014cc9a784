"""A regression between groups of example texts.

Similarity alone also weighs what the groups share; this weighs what sets them apart.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_RIDGE_PENALTY: Final = 1.0


class GroupRegression:
    """Ridge regression from vectors to groups, in closed form; groups have equal weight."""

    def __init__(self, groups: Sequence[NDArray[np.float32]]) -> None:
        """Fit on one array [n, d] of example vectors for each group."""
        rows = np.vstack(groups).astype(np.float64)
        labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
        targets = np.eye(len(groups))[labels]
        share = len(groups) * np.bincount(labels)[labels] / len(rows)
        self._center = rows.mean(axis=0)
        centered = rows - self._center
        dual = np.linalg.solve(
            centered @ centered.T + _RIDGE_PENALTY * np.diag(share),
            targets - targets.mean(axis=0),
        )
        self._weights = centered.T @ dual

    def score_groups(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Each group's score for vectors [d] or [n, d]: [k] or [n, k], around 0."""
        return (vectors - self._center) @ self._weights
