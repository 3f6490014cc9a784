"""A desk's categories as the local engine scores them.

Exemplars, and what was learned from labelled tickets.
"""

from engines.embedding.embedder import TextEmbedder
from engines.local.categories.learned import Learned, Vector, blended
from engines.local.categories.zero_shot import UNFITTED_TEMPERATURE, ZeroShot
from policies.desk.model import Desk


class CategoryScorer:
    """Scores tickets against one desk's categories. Computed once; safe to share."""

    def __init__(self, embedder: TextEmbedder, desk: Desk) -> None:
        self.zero_shot = ZeroShot(embedder, desk.categories)
        self.categories = self.zero_shot.categories
        learned = Learned.parse(desk.learned) if desk.learned else None
        # Weights of other categories are of no use: the desk's YAML was changed after they
        # were fitted.
        self.learned = (
            learned
            if learned and set(learned.categories) == set(self.categories)
            else None
        )

    def scores(self, embedding: Vector) -> dict[str, float]:
        """Raw score of each category for a ticket's unit vector.

        Comparable within one desk only.
        """
        scores = self.zero_shot.scores(embedding)
        if self.learned is None:
            return scores
        return blended(
            scores, self.learned.category_chances(embedding), UNFITTED_TEMPERATURE
        )
