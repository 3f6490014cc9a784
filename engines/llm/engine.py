"""The model engine.

Asks a model for each step, and lets nothing of its answer through unchecked.
"""

import secrets
import time
from collections.abc import Collection
from typing import Final, TypeVar

from pydantic import BaseModel

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.retrieval import Source
from contracts.ticket import CleanTicket, Ticket
from contracts.usage import Usage
from contracts.values import EngineName
from engines.llm.ask import Answered, Asker, Question
from engines.llm.checked_answers import classification_of, extraction_of
from engines.llm.model_draft import draft_of
from engines.local.template_draft import frame_of
from engines.masking import Mask, mask_for, redact
from engines.models.cache import AnswerCache
from engines.models.failures import PromptLeaked, Withheld
from engines.models.records import ModelState
from nodes.long_texts import by_size
from nodes.services import DraftBrief, Engine, Limits
from policies.deciding.engine_answers import advised
from policies.deciding.steering import steered
from policies.desk.model import Desk
from policies.severity.judge import SeverityVerdict
from prompts.classify import CLASSIFY, ClassifyInput, classify_output
from prompts.condensing import Condensed, condense
from prompts.draft import DRAFT, DraftInput, DraftOutput
from prompts.extract import EXTRACT, ExtractInput, askable, extract_output
from prompts.prompt import Rendered

T = TypeVar("T", bound=BaseModel)

LONGEST_TEXT: Final = 12_000
"""Characters of a ticket that a model is shown.

Longer ones are condensed, and the cut is recorded.
"""

MOST_SOURCES: Final = 3
MARGIN: Final = 0.96
"""Share of a step's time that its calls may take.

Their failures are to be heard before the step's own deadline.
"""


class LlmEngine:
    """nodes.services.Engine on a model; steps that are not in `steps` are left to the local engine.

    Raises ModelError when no model gives a usable answer in time, Withheld for a flagged text.
    """

    name: EngineName = "llm"

    def __init__(
        self,
        asker: Asker,
        local: Engine,
        limits: Limits,
        *,
        steps: Collection[str] = ("classify", "extract", "draft"),
        cache_size: int = 1000,
    ) -> None:
        self.asker = asker
        self.local = local
        self.limits = limits
        self.steps = frozenset(steps)
        self.cache = AnswerCache(cache_size)
        self.masks = AnswerCache(512)
        self.canary = secrets.token_hex(8)

    async def classify(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk, evidence: SeverityVerdict
    ) -> Classification:
        """The model's category and severity beside the local engine's.

        See policies.deciding.engine_answers.advised.
        """
        if "classify" not in self.steps:
            return await self.local.classify(ticket, clean, desk, evidence)
        until = time.monotonic() + self.limits.classify * MARGIN
        mask = await self.mask_of(ticket, clean, desk)
        shown = condense(mask.mask(clean.text), LONGEST_TEXT)
        rendered = CLASSIFY.render(
            ClassifyInput(
                desk=desk, text=shown.text, evidence=evidence, canary=self.canary
            )
        )
        question = self.question(
            "classify", ticket, rendered, classify_output(desk), until
        )
        answered = cut(await self.cached(question, CLASSIFY.id), shown)
        answer = classification_of(
            answered.value.model_dump(), mask, CLASSIFY.id, answered.usage
        )
        self.watch_for_canary(answer.reasoning, answered.usage)
        local = await self.local.classify(ticket, clean, desk, evidence)
        return advised(answer, local, steered=steered(clean.text, desk))

    async def extract(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk
    ) -> Extraction:
        """What patterns find, and what only the model finds."""
        until = time.monotonic() + self.limits.extract * MARGIN
        local = await self.local.extract(ticket, clean, desk)
        if "extract" not in self.steps or not askable(desk):
            return local
        mask = await self.mask_of(ticket, clean, desk)
        shown = condense(
            "\n\n".join(mask.mask(part) for part in parts_of(clean)), LONGEST_TEXT
        )
        rendered = EXTRACT.render(
            ExtractInput(desk=desk, text=shown.text, canary=self.canary)
        )
        question = self.question(
            "extract", ticket, rendered, extract_output(desk), until
        )
        answered = cut(await self.cached(question, EXTRACT.id), shown)
        found = [
            (row["name"], row["value"], row["source_text"])
            for row in answered.value.model_dump()["fields"]
        ]
        return extraction_of(
            found, local, clean, desk, mask, EXTRACT.id, answered.usage
        )

    async def draft(self, brief: DraftBrief, desk: Desk) -> Draft:
        """A reply whose words are the model's and whose frame is the desk's.

        Never from the cache.
        """
        if "draft" not in self.steps or not brief.actionable:
            return await self.local.draft(brief, desk)
        until = time.monotonic() + self.limits.draft * MARGIN
        mask = await self.mask_of(brief.ticket, brief.clean, desk)
        sources = tuple(
            redacted(source, desk) for source in brief.sources[:MOST_SOURCES]
        )
        shown = condense(mask.mask(brief.clean.text), LONGEST_TEXT)
        rendered = DRAFT.render(
            draft_input(brief, shown.text, sources, desk, mask, self.canary)
        )
        question = self.question("draft", brief.ticket, rendered, DraftOutput, until)
        answered = cut(await self.asker.ask(question), shown)
        if self.leaks(answered.value.model_dump_json()):
            safe = await self.local.draft(brief, desk)
            warning = (
                "The model's reply repeated its instructions and was discarded; this one "
                "is from templates."
            )
            return safe.model_copy(
                update={"warnings": (warning,), "usage": answered.usage}
            )
        draft = draft_of(answered.value, brief, sources, desk, mask)
        return draft.model_copy(update={"usage": answered.usage})

    def state(self) -> ModelState:
        """How the models are now."""
        models = self.asker.models
        return ModelState(
            primary=models.primary.id,
            fallback=models.fallback.id if models.fallback else None,
            circuits=self.asker.gateway.states(),
            spent_today_usd=self.asker.budget.spent_today(),
        )

    async def close(self) -> None:
        """Close all connections to models."""
        await self.asker.chat.close()

    async def mask_of(self, ticket: Ticket, clean: CleanTicket, desk: Desk) -> Mask:
        """The ticket's pseudonyms. Raises Withheld for a text that must not be shown at all."""
        if clean.injection_flags:
            raise Withheld(
                "The text reads like instructions to a machine, so no model was shown it."
            )
        key = (ticket.id, clean.everything)
        mask, _ = await self.masks.get(
            key, lambda: by_size(len(clean.everything), masked, ticket, clean, desk)
        )
        return mask

    def question(
        self,
        step: str,
        ticket: Ticket,
        rendered: Rendered,
        output: type[T],
        until: float,
    ) -> Question[T]:
        """A rendered prompt as a question that is to be answered by `until`, on the
        monotonic clock.
        """
        return Question(
            step, ticket.id, ticket.desk, rendered, output, until - time.monotonic()
        )

    async def cached(self, question: Question[T], prompt: str) -> Answered[T]:
        """The answer to the same words, if it was given before: it costs nothing then."""
        key = (
            prompt,
            self.asker.models.primary.id,
            question.rendered.system,
            question.rendered.user,
        )
        answered, known = await self.cache.get(key, lambda: self.asker.ask(question))
        return Answered(answered.value, Usage()) if known else answered

    def leaks(self, text: str) -> bool:
        """Whether a text holds the canary, however it is spaced or written."""
        return self.canary in "".join(filter(str.isalnum, text.casefold()))

    def watch_for_canary(self, text: str, usage: Usage) -> None:
        """Raise PromptLeaked when the model repeats what it was told to keep."""
        if self.leaks(text):
            raise PromptLeaked(
                "The model's answer repeated its instructions and was not used.", usage
            )


def cut(answered: Answered[T], shown: Condensed) -> Answered[T]:
    """The answer, with how much of the ticket the model was not shown."""
    return answered._replace(
        usage=answered.usage.model_copy(update={"characters_cut": shown.cut})
    )


def masked(ticket: Ticket, clean: CleanTicket, desk: Desk) -> Mask:
    """The ticket's mask, which has masked its texts and remembers them.

    A long one holds up nobody then.
    """
    mask = mask_for(ticket, clean, desk)
    for part in parts_of(clean):
        mask.mask(part)
    return mask


def parts_of(clean: CleanTicket) -> tuple[str, ...]:
    """What `clean.everything` is made of.

    Part by part, because classify and draft are shown the first one alone.
    """
    return tuple(part for part in (clean.text, clean.signature, clean.quoted) if part)


def draft_input(
    brief: DraftBrief,
    text: str,
    sources: tuple[Source, ...],
    desk: Desk,
    mask: Mask,
    canary: str,
) -> DraftInput:
    """What the drafting model is told: all of it masked, but for the desk's own words."""
    frame = frame_of(brief, desk, answered=bool(sources))
    return DraftInput(
        desk=desk,
        text=text,
        canary=canary,
        category=brief.classification.category,
        severity=brief.classification.severity,
        tone=frame.tone,
        language=brief.clean.language,
        given=told(brief.extraction, desk),
        missing=brief.extraction.missing_required,
        sources=sources,
        greeting="" if brief.clean.supported_language else mask.mask(frame.greeting),
        timeline=frame.timeline,
        closing=frame.closing,
        guidance=mask.mask(brief.guidance) if brief.guidance else None,
    )


def told(extraction: Extraction, desk: Desk) -> tuple[tuple[str, str], ...]:
    """The fields that the ticket gives.

    The value where policy lets a model read it, else only that it was given.
    """
    shown = {
        field.name for field in desk.fields if field.kind in desk.settings.masking.keep
    }
    return tuple(
        (field.name, str(value) if field.name in shown else "was given")
        for field in extraction.fields
        for value in extraction.values(field.name)
    )


def redacted(source: Source, desk: Desk) -> Source:
    """A source without what it says of other customers.

    Articles are the desk's own words and stay as they are.
    """
    if source.kind == "article":
        return source
    return source.model_copy(
        update={
            "title": redact(source.title, desk),
            "excerpt": redact(source.excerpt, desk),
            "steps": tuple(redact(step, desk) for step in source.steps),
        }
    )
