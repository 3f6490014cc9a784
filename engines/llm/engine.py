"""The model engine: asks a model for each step, and checks every part of its answer."""

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
from engines.llm.ask import ModelClient, Question, ValidAnswer
from engines.llm.checked_answers import build_classification, merge_extraction
from engines.llm.model_draft import build_draft
from engines.masking import Mask, create_mask, redact_text
from engines.models.cache import AnswerCache
from engines.models.failures import PromptLeaked, Withheld
from engines.models.records import ModelState
from engines.reply_frame import build_frame
from nodes.long_texts import run_by_size
from nodes.services import DraftBrief, Engine, Limits
from policies.deciding.engine_answers import reconcile_with_local
from policies.deciding.steering import is_steering_text
from policies.desk.model import Desk
from policies.severity.assess import SeverityVerdict
from prompts.classify import CLASSIFY, ClassifyInput, classify_output
from prompts.condensing import CondensedText, condense_text
from prompts.draft import DRAFT, DraftInput, DraftOutput
from prompts.extract import EXTRACT, ExtractInput, askable_fields, extract_output
from prompts.prompt import RenderedPrompt

T = TypeVar("T", bound=BaseModel)

MAX_TEXT_LENGTH: Final = 12_000
"""Characters of a ticket that a model is shown; longer ones are condensed."""

MAX_SOURCES: Final = 3
CALL_TIME_SHARE: Final = 0.96
"""Share of a step's time for its calls, so that they fail before the step's own deadline."""


class LlmEngine:
    """nodes.services.Engine on a model; steps that are not in `steps` go to the local engine.

    Raises ModelError when no model gives a usable answer in time, Withheld for a flagged text.
    """

    name: EngineName = "llm"

    def __init__(
        self,
        asker: ModelClient,
        local: Engine,
        limits: Limits,
        *,
        steps: Collection[str] = ("classify", "extract", "draft"),
        cache_size: int = 1000,
    ) -> None:
        self.model_client = asker
        self.local = local
        self.limits = limits
        self.steps = frozenset(steps)
        self.cache = AnswerCache(cache_size)
        self.masks = AnswerCache(512)
        self.canary = secrets.token_hex(8)

    async def classify(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk, evidence: SeverityVerdict
    ) -> Classification:
        """The model's category and severity, corrected by the local engine's.

        See policies.deciding.engine_answers.reconcile_with_local.
        """
        if "classify" not in self.steps:
            return await self.local.classify(ticket, clean, desk, evidence)
        until = time.monotonic() + self.limits.classify * CALL_TIME_SHARE
        mask = await self.get_mask(ticket, clean, desk)
        shown = condense_text(mask.mask_text(clean.text), MAX_TEXT_LENGTH)
        rendered = CLASSIFY.render(
            ClassifyInput(
                desk=desk, text=shown.text, evidence=evidence, canary=self.canary
            )
        )
        question = self.build_question(
            "classify", ticket, rendered, classify_output(desk), until
        )
        answered = record_truncation(
            await self.ask_with_cache(question, CLASSIFY.id), shown
        )
        answer = build_classification(
            answered.value.model_dump(), mask, CLASSIFY.id, answered.usage
        )
        self.raise_on_canary(answer.reasoning, answered.usage)
        local = await self.local.classify(ticket, clean, desk, evidence)
        return reconcile_with_local(
            answer, local, steered=is_steering_text(clean.text, desk)
        )

    async def extract(
        self, ticket: Ticket, clean: CleanTicket, desk: Desk
    ) -> Extraction:
        """The fields that patterns find, and those that only the model finds."""
        until = time.monotonic() + self.limits.extract * CALL_TIME_SHARE
        local = await self.local.extract(ticket, clean, desk)
        if "extract" not in self.steps or not askable_fields(desk):
            return local
        mask = await self.get_mask(ticket, clean, desk)
        shown = condense_text(
            "\n\n".join(mask.mask_text(part) for part in split_clean_parts(clean)),
            MAX_TEXT_LENGTH,
        )
        rendered = EXTRACT.render(
            ExtractInput(desk=desk, text=shown.text, canary=self.canary)
        )
        question = self.build_question(
            "extract", ticket, rendered, extract_output(desk), until
        )
        answered = record_truncation(
            await self.ask_with_cache(question, EXTRACT.id), shown
        )
        found = [
            (row["name"], row["value"], row["source_text"])
            for row in answered.value.model_dump()["fields"]
        ]
        return merge_extraction(
            found, local, clean, desk, mask, EXTRACT.id, answered.usage
        )

    async def draft(self, brief: DraftBrief, desk: Desk) -> Draft:
        """A reply in the model's words and the desk's frame. Never cached."""
        if "draft" not in self.steps or not brief.actionable:
            return await self.local.draft(brief, desk)
        until = time.monotonic() + self.limits.draft * CALL_TIME_SHARE
        mask = await self.get_mask(brief.ticket, brief.clean, desk)
        sources = tuple(
            redact_source(source, desk) for source in brief.sources[:MAX_SOURCES]
        )
        shown = condense_text(mask.mask_text(brief.clean.text), MAX_TEXT_LENGTH)
        rendered = DRAFT.render(
            build_draft_input(brief, shown.text, sources, desk, mask, self.canary)
        )
        question = self.build_question(
            "draft", brief.ticket, rendered, DraftOutput, until
        )
        answered = record_truncation(await self.model_client.ask_model(question), shown)
        if self.contains_canary(answered.value.model_dump_json()):
            safe = await self.local.draft(brief, desk)
            warning = (
                "The model's reply repeated its instructions and was discarded; this one "
                "is from templates."
            )
            return safe.model_copy(
                update={"warnings": (warning,), "usage": answered.usage}
            )
        draft = build_draft(answered.value, brief, sources, desk, mask)
        return draft.model_copy(update={"usage": answered.usage})

    def state(self) -> ModelState:
        """The models' circuits and spending, for metrics and health checks."""
        models = self.model_client.models
        return ModelState(
            primary=models.primary.id,
            fallback=models.fallback.id if models.fallback else None,
            circuits=self.model_client.gateway.circuit_states(),
            spent_today_usd=self.model_client.budget.spent_today(),
        )

    async def close(self) -> None:
        """Close all connections to models."""
        await self.model_client.chat.close()

    async def get_mask(self, ticket: Ticket, clean: CleanTicket, desk: Desk) -> Mask:
        """The ticket's pseudonyms. Raises Withheld for a text that no model may be shown."""
        if clean.injection_flags:
            raise Withheld(
                "The text reads like instructions to a machine, so no model was shown it."
            )
        key = (ticket.id, clean.everything)
        mask, _ = await self.masks.get_or_make(
            key,
            lambda: run_by_size(len(clean.everything), build_mask, ticket, clean, desk),
        )
        return mask

    def build_question(
        self,
        step: str,
        ticket: Ticket,
        rendered: RenderedPrompt,
        output: type[T],
        until: float,
    ) -> Question[T]:
        """A rendered prompt as a question to be answered by `until`, on the monotonic clock."""
        return Question(
            step, ticket.id, ticket.desk, rendered, output, until - time.monotonic()
        )

    async def ask_with_cache(
        self, question: Question[T], prompt: str
    ) -> ValidAnswer[T]:
        """The answer, from the cache when the same prompt was answered before: then it is free."""
        key = (
            prompt,
            self.model_client.models.primary.id,
            question.rendered.system,
            question.rendered.user,
        )
        answered, known = await self.cache.get_or_make(
            key, lambda: self.model_client.ask_model(question)
        )
        return ValidAnswer(answered.value, Usage()) if known else answered

    def contains_canary(self, text: str) -> bool:
        """Whether a text holds the canary, however it is spaced or written."""
        return self.canary in "".join(filter(str.isalnum, text.casefold()))

    def raise_on_canary(self, text: str, usage: Usage) -> None:
        """Raise PromptLeaked when a text repeats the secret of the instructions."""
        if self.contains_canary(text):
            raise PromptLeaked(
                "The model's answer repeated its instructions and was not used.", usage
            )


def record_truncation(answered: ValidAnswer[T], shown: CondensedText) -> ValidAnswer[T]:
    """The answer, with how many characters of the ticket the model was not shown."""
    return answered._replace(
        usage=answered.usage.model_copy(
            update={"characters_cut": shown.omitted_characters}
        )
    )


def build_mask(ticket: Ticket, clean: CleanTicket, desk: Desk) -> Mask:
    """The ticket's mask, with its texts already masked.

    Masking is cached in it, so that a long text is masked in this worker thread and not on the
    event loop.
    """
    mask = create_mask(ticket, clean, desk)
    for part in split_clean_parts(clean):
        mask.mask_text(part)
    return mask


def split_clean_parts(clean: CleanTicket) -> tuple[str, ...]:
    """The parts of `clean.everything`: classify and draft show a model only the first."""
    return tuple(part for part in (clean.text, clean.signature, clean.quoted) if part)


def build_draft_input(
    brief: DraftBrief,
    text: str,
    sources: tuple[Source, ...],
    desk: Desk,
    mask: Mask,
    canary: str,
) -> DraftInput:
    """The input of the draft prompt: masked, except for the desk's own words."""
    frame = build_frame(brief, desk, answered=bool(sources))
    return DraftInput(
        desk=desk,
        text=text,
        canary=canary,
        category=brief.classification.category,
        severity=brief.classification.severity,
        tone=frame.tone,
        language=brief.clean.language,
        given=list_given_fields(brief.extraction, desk),
        missing=brief.extraction.missing_required,
        sources=sources,
        greeting=""
        if brief.clean.supported_language
        else mask.mask_text(frame.greeting),
        timeline=frame.timeline,
        closing=frame.closing,
        guidance=mask.mask_text(brief.guidance) if brief.guidance else None,
    )


def list_given_fields(
    extraction: Extraction, desk: Desk
) -> tuple[tuple[str, str], ...]:
    """The fields that the ticket gives.

    With the value where policy lets a model read it, else only that it was given.
    """
    shown = {
        field.name for field in desk.fields if field.kind in desk.settings.masking.keep
    }
    return tuple(
        (field.name, str(value) if field.name in shown else "was given")
        for field in extraction.fields
        for value in extraction.values(field.name)
    )


def redact_source(source: Source, desk: Desk) -> Source:
    """A source without other customers' data.

    Articles are the desk's own words and stay unchanged.
    """
    if source.kind == "article":
        return source
    return source.model_copy(
        update={
            "title": redact_text(source.title, desk),
            "excerpt": redact_text(source.excerpt, desk),
            "steps": tuple(redact_text(step, desk) for step in source.steps),
        }
    )
