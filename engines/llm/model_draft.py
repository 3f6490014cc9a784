"""From a model's words to a reply.

The desk's own frame around what is grounded, and every weakness marked.
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
from engines.local.template_draft import (
    ReplyFrame,
    build_frame,
    number_items,
    suggest_actions,
)
from engines.masking import Mask
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
    """What the model wrote, judged."""

    acknowledgment: GroundedText
    explanation: GroundedText
    items: tuple[GroundedText, ...]

    @property
    def all_parts(self) -> tuple[GroundedText, ...]:
        """In the order in which the customer reads them."""
        return self.acknowledgment, self.explanation, *self.items

    @property
    def cited_sources(self) -> tuple[str, ...]:
        """Ids of the sources that something stands on, each once."""
        return tuple(
            dict.fromkeys(
                source for part in self.all_parts for source in part.source_ids
            )
        )


def check_parts(
    output: DraftOutput, brief: DraftBrief, sources: Sequence[Source], desk: Desk
) -> DraftParts:
    """The model's words against the sources, which are given in the order in which the
    prompt numbered them.
    """
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
    """The reply: greeting, timeline, closing and questions are the desk's.

    The rest is the model's, judged.
    """
    parts, restored = check_parts(output, brief, sources, desk), mask.restore_values
    frame = build_frame(brief, desk, answered=bool(parts.cited_sources))
    translated = translated_frame(output, frame, brief)
    greeting, timeline, closing = translated or (
        frame.greeting,
        frame.timeline,
        frame.closing,
    )
    asks = (
        "" if translated else frame.questions
    )  # the model asks in the customer's language
    actions = tuple(item.text for item in parts.items)
    said = (
        greeting,
        parts.acknowledgment.text,
        parts.explanation.text,
        number_items(actions),
        asks,
        timeline,
        closing,
    )
    content = "\n\n".join(paragraph for paragraph in said if paragraph)
    suggested = (
        f"The model suggests: {restored(action)}" for action in output.suggested_actions
    )
    return Draft(
        content=restored(content),
        tone=frame.tone,
        greeting=restored(greeting),
        acknowledgment=restored(parts.acknowledgment.text),
        explanation=restored(parts.explanation.text),
        action_items=tuple(restored(action) for action in actions),
        timeline=restored(timeline),
        closing=restored(closing),
        suggested_actions=(*suggest_actions(brief, desk, None), *suggested),
        requires_escalation=brief.classification.severity == "critical",
        sources=parts.cited_sources,
        unsupported=tuple(
            restored(sentence)
            for part in parts.all_parts
            for sentence in part.unsupported
        ),
        warnings=list_warnings(
            content, parts.cited_sources, mask, translated=translated is not None
        ),
        engine="llm",
        prompt_version=DRAFT.id,
    )


def list_warnings(
    content: str, supported: tuple[str, ...], mask: Mask, *, translated: bool
) -> tuple[str, ...]:
    """What a reviewer must know of how the reply came about.

    What it says is checked by policies/replies.
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
    """The acknowledgment, which may say again what the customer said and nothing of what we
    did, do or will do.
    """
    said = Source(
        id="", kind="article", title="", score=1.0, excerpt=brief.clean.everything
    )
    sentences = [
        ground_text(sentence, ()).text for sentence in split_cited_sentences(text)
    ]
    heard = [ACKNOWLEDGING_PATTERN.sub("", sentence) for sentence in sentences]
    invented = tuple(
        sentence
        for sentence, rest in zip(sentences, heard, strict=True)
        if not is_courtesy(sentence)
        and (_OURS.search(rest) or not source_supports(said, rest))
    )
    return GroundedText(" ".join(sentences), (), invented)


def list_given_field_names(brief: DraftBrief, desk: Desk) -> tuple[str, ...]:
    """What the desk calls the fields that the customer has already given, in lower case."""
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
    """The text without sentences that ask for what was given."""
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


def translated_frame(
    output: DraftOutput, frame: ReplyFrame, brief: DraftBrief
) -> tuple[str, str, str] | None:
    """Greeting, timeline and closing as the model translated them.

    None where the desk speaks the language.

    A translated timeline must have the numbers of the desk's own.
    """
    translated = (
        output.greeting.strip(),
        output.timeline.strip(),
        output.closing.strip(),
    )
    if brief.clean.supported_language or not all(translated):
        return None
    if sorted(_NUMBER.findall(translated[1])) != sorted(
        _NUMBER.findall(frame.timeline)
    ):
        return None
    return translated
