"""Builds a reply from a model's words.

Greeting, timeline, closing and questions are the desk's; what the model wrote is checked
against the sources, and every weakness is marked for the reviewer.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from contracts.draft import Draft
from contracts.retrieval import Source
from engines.llm.courtesy import ACKNOWLEDGING_PATTERN, is_courtesy
from engines.llm.grounding import (
    GroundedText,
    ground_text,
    source_supports,
    split_cited_sentences,
)
from engines.masking import Mask
from engines.reply_frame import (
    ReplyFrame,
    build_frame,
    number_items,
    suggest_actions,
)
from nodes.services import DraftBrief
from policies.desk.model import Desk
from prompts.draft import DRAFT, DraftOutput

_QUESTION_PATTERN: Final = re.compile(
    r"\?|\b(?:please|kindly|could you|can you|would you|need you to|let us know|tell us)\b.*"
    r"\b(?:send|provide|share|give|tell|confirm|reply|state|include|know|us)\b",
    re.IGNORECASE,
)
_OURS: Final = re.compile(r"\b(?:we|i|us|our|ours|my|me)\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d+")


class DraftParts(NamedTuple):
    """The parts that the model wrote, each checked against the sources."""

    acknowledgment: GroundedText
    explanation: GroundedText
    items: tuple[GroundedText, ...]

    @property
    def all_parts(self) -> tuple[GroundedText, ...]:
        """In the order in which the customer reads them."""
        return self.acknowledgment, self.explanation, *self.items

    @property
    def cited_sources(self) -> tuple[str, ...]:
        """Ids of the sources that any part stands on, each once."""
        return tuple(
            dict.fromkeys(
                source for part in self.all_parts for source in part.source_ids
            )
        )


def check_parts(
    output: DraftOutput, brief: DraftBrief, sources: Sequence[Source], desk: Desk
) -> DraftParts:
    """The model's words, checked against the sources in the order the prompt numbered them."""
    given = list_given_field_names(brief, desk)
    asked = dict.fromkeys(
        remove_repeated_questions(item, given) for item in output.action_items
    )
    return DraftParts(
        check_acknowledgment(
            remove_repeated_questions(output.acknowledgment, given), brief
        ),
        ground_text(remove_repeated_questions(output.explanation, given), sources),
        tuple(ground_text(item, sources) for item in asked if item),
    )


def build_draft(
    output: DraftOutput,
    brief: DraftBrief,
    sources: Sequence[Source],
    desk: Desk,
    mask: Mask,
) -> Draft:
    """The reply: the model's words, checked, in the desk's frame.

    `sources` are in the order in which the prompt numbered them.
    """
    parts = check_parts(output, brief, sources, desk)
    frame = build_frame(brief, desk, answered=bool(parts.cited_sources))
    translated = translate_frame(output, frame, brief)
    warnings = list_warnings(
        join_paragraphs(translated or frame, parts),
        parts.cited_sources,
        mask,
        translated=translated is not None,
    )
    return restore_draft(
        output, parts, translated or frame, suggest_actions(brief, desk, None), mask
    ).model_copy(
        update={
            "requires_escalation": brief.classification.severity == "critical",
            "warnings": warnings,
        }
    )


def join_paragraphs(frame: ReplyFrame, parts: DraftParts) -> str:
    """The reply as one text, still with pseudonyms."""
    paragraphs = (
        frame.greeting,
        parts.acknowledgment.text,
        parts.explanation.text,
        number_items(tuple(item.text for item in parts.items)),
        frame.questions,
        frame.timeline,
        frame.closing,
    )
    return "\n\n".join(filter(None, paragraphs))


def restore_draft(
    output: DraftOutput,
    parts: DraftParts,
    frame: ReplyFrame,
    actions: tuple[str, ...],
    mask: Mask,
) -> Draft:
    """The reply with the customer's own values in place of pseudonyms.

    `actions` are the desk's suggestions for the agent; the model's come after them.
    """
    restored = mask.restore_values
    unsupported = [
        sentence for part in parts.all_parts for sentence in part.unsupported
    ]
    suggested = (
        f"The model suggests: {restored(action)}" for action in output.suggested_actions
    )
    return Draft(
        content=restored(join_paragraphs(frame, parts)),
        tone=frame.tone,
        greeting=restored(frame.greeting),
        acknowledgment=restored(parts.acknowledgment.text),
        explanation=restored(parts.explanation.text),
        action_items=tuple(restored(item.text) for item in parts.items),
        timeline=restored(frame.timeline),
        closing=restored(frame.closing),
        suggested_actions=(*actions, *suggested),
        sources=parts.cited_sources,
        unsupported=tuple(map(restored, unsupported)),
        engine="llm",
        prompt_version=DRAFT.id,
    )


def list_warnings(
    content: str, supported: tuple[str, ...], mask: Mask, *, translated: bool
) -> tuple[str, ...]:
    """What a reviewer must know about how the reply was made.

    What the reply says is checked by policies/replies.
    """
    found: list[str] = []
    if unknown := mask.unknown_pseudonyms(content):
        found.append(
            f"The reply names something that the ticket does not have: {', '.join(unknown)}."
        )
    if not supported:
        found.append("The reply stands on no source.")
    if translated:
        found.append(
            "The reply is in a language that this desk does not work in; nobody here has "
            "checked its words."
        )
    return tuple(found)


def check_acknowledgment(text: str, brief: DraftBrief) -> GroundedText:
    """The acknowledgment, which may repeat what the customer said and nothing else.

    A sentence about what we did, do or will do is unsupported.
    """
    said = Source(
        id="", kind="article", title="", score=1.0, excerpt=brief.clean.everything
    )
    sentences = [
        ground_text(sentence, ()).text for sentence in split_cited_sentences(text)
    ]
    invented = tuple(s for s in sentences if not _repeats_customer(s, said))
    return GroundedText(" ".join(sentences), (), invented)


def _repeats_customer(sentence: str, said: Source) -> bool:
    if is_courtesy(sentence):
        return True
    rest = ACKNOWLEDGING_PATTERN.sub("", sentence)
    return not _OURS.search(rest) and source_supports(said, rest)


def list_given_field_names(brief: DraftBrief, desk: Desk) -> tuple[str, ...]:
    """The names of the fields that the customer has given, as the desk calls them, casefolded."""
    known = {field.name for field in brief.extraction.fields}
    if brief.ticket.customer_email:
        known |= {
            field.name for field in desk.fields if field.satisfied_by_customer_email
        }
    names = [field for field in desk.fields if field.name in known]
    return tuple(
        {field.title.casefold() for field in names}
        | {field.name.replace("_", " ") for field in names}
    )


def remove_repeated_questions(text: str, given: tuple[str, ...]) -> str:
    """The text without sentences that ask for a field that was given."""
    if not given:
        return text
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, given))})\b", re.IGNORECASE)
    asking = [
        sentence
        for sentence in split_cited_sentences(text)
        if _QUESTION_PATTERN.search(sentence) and named.search(sentence)
    ]
    for sentence in asking:
        text = text.replace(sentence, "")
    return text.strip()


def translate_frame(
    output: DraftOutput, frame: ReplyFrame, brief: DraftBrief
) -> ReplyFrame | None:
    """The frame in the model's translation; None where the desk speaks the language.

    None too when a part is missing or the timeline's numbers are not the desk's own. It has
    no questions: the model asks them in the customer's language.
    """
    translated = ReplyFrame(
        tone=frame.tone,
        greeting=output.greeting.strip(),
        questions="",
        timeline=output.timeline.strip(),
        closing=output.closing.strip(),
    )
    parts = (translated.greeting, translated.timeline, translated.closing)
    if brief.clean.supported_language or not all(parts):
        return None
    same_numbers = sorted(_NUMBER.findall(translated.timeline)) == sorted(
        _NUMBER.findall(frame.timeline)
    )
    return translated if same_numbers else None
