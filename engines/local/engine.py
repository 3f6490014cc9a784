"""The local engine: every step without a model API."""

import re
from collections.abc import Mapping

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.ticket import CleanTicket, Ticket
from contracts.values import EngineName
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import TextEmbedder
from engines.local.categories.scorer import CategoryScorer
from engines.local.categories.zero_shot import (
    UNFITTED_TEMPERATURE,
    choose_category,
    scores_to_probabilities,
)
from engines.local.fields import extract_fields
from engines.local.fields.planted_addresses import remove_planted_addresses
from engines.local.template_draft import draft_reply
from nodes.long_texts import run_by_size
from nodes.services import DraftBrief
from policies.deciding.actionable import is_actionable
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict


class LocalEngine:
    """nodes.services.Engine from exemplars, patterns and templates. Raises for no text."""

    name: EngineName = "local"

    def __init__(
        self,
        embedder: TextEmbedder,
        batching: BatchingEmbedder,
        desks: Mapping[str, Desk],
    ) -> None:
        self.batching_embedder = batching
        self.classifiers = {
            desk.id: CategoryScorer(embedder, desk) for desk in desks.values()
        }

    async def classify(
        self,
        ticket: Ticket,  # noqa: ARG002 - the protocol's
        clean: CleanTicket,
        desk: Desk,
        evidence: SeverityVerdict,
    ) -> Classification:
        """The category nearest to the text; abstains from languages the desk does not read."""
        scores = self.classifiers[desk.id].score_categories(
            await self.batching_embedder.embed(clean.text)
        )
        fitted = desk.calibration.category_temperature
        chances = scores_to_probabilities(scores, fitted or UNFITTED_TEMPERATURE)
        choice = choose_category(scores)
        abstained = not clean.supported_language
        readable = is_actionable(clean) and not abstained
        category = choice.category if readable else desk.settings.fallback_category
        return Classification(
            category=category,
            category_confidence=round(chances[category], 4),
            severity=evidence.severity,
            severity_confidence=evidence.confidence,
            secondary_categories=tuple(
                other for other in choice.secondary if other != category
            ),
            reasoning=explain_category(desk, category, evidence, abstained=abstained),
            keywords_matched=find_keywords(clean, desk, category),
            urgency_indicators=evidence.urgency_indicators,
            calibrated=fitted is not None,
            abstained=abstained,
            engine="local",
        )

    async def extract(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk
    ) -> Extraction:
        """Every field that the desk defines and a pattern finds."""
        extraction = await run_by_size(
            len(clean.everything),
            extract_fields,
            clean.everything,
            desk.fields,
            required=(),
            customer_email=ticket.customer_email,
        )
        return (
            remove_planted_addresses(extraction, desk.fields, ticket.customer_email)
            if clean.injection_flags
            else extraction
        )

    async def draft(self, brief: DraftBrief, desk: Desk) -> Draft:
        """A reply from the desk's templates and the best source."""
        return draft_reply(brief, desk)


def explain_category(
    desk: Desk, category: str, evidence: SeverityVerdict, *, abstained: bool
) -> str:
    """Why the category and severity were chosen, in sentences."""
    if abstained:
        return (
            "The text is in a language that this desk does not read; category and severity "
            "are guesses."
        )
    title = desk.find_category(category).title
    nearest = f"The text is closest to what the desk describes as {title}."
    signs = (
        " ".join(evidence.reasons)
        or f"It reads like tickets of severity {evidence.severity}."
    )
    return f"{nearest} {signs}"


def find_keywords(clean: CleanTicket, desk: Desk, category: str) -> tuple[str, ...]:
    """The category's keywords that the text holds. Reported only; they decide nothing."""
    words = " ".join(["", *re.findall(r"\w+", clean.text.casefold()), ""])
    return tuple(
        word
        for word in desk.find_category(category).keywords
        if f" {word.casefold()} " in words
    )
