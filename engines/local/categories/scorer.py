"""Scores a ticket's categories: zero-shot, blended with a learned model where there is one."""

from engines.embedding.embedder import TextEmbedder
from engines.local.categories.learned_models import LearnedModels, Vector, blend_scores
from engines.local.categories.zero_shot import UNFITTED_TEMPERATURE, ZeroShotScorer
from policies.desk.model import Desk


class CategoryScorer:
    """Scores tickets against one desk's categories. Computed once; safe to share."""

    def __init__(self, embedder: TextEmbedder, desk: Desk) -> None:
        self.zero_shot = ZeroShotScorer(embedder, desk.categories)
        self.categories = self.zero_shot.categories
        learned = LearnedModels.parse_npz(desk.learned) if desk.learned else None
        # Weights of other categories are ignored: the desk's YAML changed since the fit.
        self.learned = (
            learned
            if learned and set(learned.categories) == set(self.categories)
            else None
        )

    def score_categories(self, embedding: Vector) -> dict[str, float]:
        """Raw score of each category for a ticket's unit vector; comparable within one desk."""
        scores = self.zero_shot.score_categories(embedding)
        if self.learned is None:
            return scores
        return blend_scores(
            scores, self.learned.category_probabilities(embedding), UNFITTED_TEMPERATURE
        )
