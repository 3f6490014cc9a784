"""The prompt that asks for a reply based on sources."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from contracts.retrieval import Source
from contracts.values import Severity, Tone, Value
from policies.desk.model import Desk
from prompts.condensing import condense_text
from prompts.length_limits import max_length
from prompts.prompt import Answer, Prompt, Variable
from prompts.untrusted import UntrustedBlock

LONGEST_SOURCE = 1_500
"""Characters of a source that the model is shown."""


class DraftInput(Value):
    """The input of the draft prompt."""

    desk: Desk
    text: str = Field(description="Subject and body: cleaned, masked, condensed")
    canary: str = Field(
        description="A secret; a reply that repeats it shows that the prompt has leaked"
    )
    category: str
    severity: Severity
    tone: Tone
    language: str | None = Field(
        default=None, description="ISO 639-1 of the ticket; None when not known"
    )
    given: tuple[tuple[str, str], ...] = Field(
        default=(), description="Field and value, masked; never asked for again"
    )
    missing: tuple[str, ...] = Field(
        default=(), description="Names of fields that may be asked for"
    )
    sources: tuple[Source, ...] = Field(
        default=(), description="Best first; the first is [S1]. Redacted"
    )
    greeting: str = Field(
        default="", description="The desk's sentence that will stand there, masked"
    )
    timeline: str = Field(
        default="", description="The desk's sentence, with the time that the SLA gives"
    )
    closing: str = ""
    guidance: str | None = Field(
        default=None, description="What a reviewer wants changed"
    )

    @property
    def needs_translation(self) -> bool:
        """Whether the desk has no sentences of its own in the customer's language."""
        return (
            self.language is not None
            and self.language not in self.desk.settings.languages
        )

    def variables(self) -> Mapping[str, Variable]:
        """The desk's part first, the ticket last."""
        asks = {field.name: field.ask or field.title for field in self.desk.fields}
        return {
            "desk_title": self.desk.settings.title,
            "contacts": self._contact_list(),
            "canary": self.canary,
            "category": f"{self.category} ({self.desk.find_category(self.category).title})",
            "severity": self.severity,
            "tone": self.tone,
            "language": self.language or "that of the ticket",
            "missing": "; ".join(asks[name] for name in self.missing) or "nothing",
            "guidance": self.guidance or "none",
            "sentences": self._desk_sentences(),
            "given": UntrustedBlock(
                "given",
                "\n".join(f"{name}: {value}" for name, value in self.given)
                or "nothing",
            ),
            "sources": render_sources(self.sources),
            "ticket": UntrustedBlock("ticket", self.text),
        }

    def _contact_list(self) -> str:
        known = self.desk.replies.contacts
        return ", ".join((*known.domains, *known.emails, *known.phones)) or "none"

    def _desk_sentences(self) -> Variable:
        if not self.needs_translation:
            return "none"
        named = (
            ("greeting", self.greeting),
            ("timeline", self.timeline),
            ("closing", self.closing),
        )
        return UntrustedBlock(
            "sentences", "\n".join(f"{name}: {text}" for name, text in named)
        )


def render_sources(sources: Sequence[Source]) -> Variable:
    """Each source under its mark.

    Its text is untrusted: a solved ticket was written by a customer.
    """
    if not sources:
        return "none"
    parts: list[str | UntrustedBlock] = []
    for number, source in enumerate(sources, start=1):
        steps = "".join(
            f"\n{place}. {step}" for place, step in enumerate(source.steps, start=1)
        )
        text = condense_text(
            f"{source.title}\n{source.excerpt}{steps}", LONGEST_SOURCE
        ).text
        parts += [
            f"[S{number}] {source.kind.replace('_', ' ')}",
            UntrustedBlock("source", text),
        ]
    return parts


class DraftOutput(Answer):
    """The model's answer; a sentence that states something ends with its source, as [S1].

    The limits are several times what the prompt asks for.
    """

    acknowledgment: Annotated[str, max_length(600)]
    explanation: Annotated[str, max_length(4_000)]
    action_items: Annotated[list[Annotated[str, max_length(500)]], max_length(10)]
    suggested_actions: Annotated[list[Annotated[str, max_length(300)]], max_length(5)]
    greeting: Annotated[str, max_length(300)]
    timeline: Annotated[str, max_length(300)]
    closing: Annotated[str, max_length(300)]


def draft_output(desk: Desk) -> type[DraftOutput]:  # noqa: ARG001
    """The answer's shape, the same for every desk."""
    return DraftOutput


DRAFT = Prompt("draft", version=1, input=DraftInput, output=draft_output)
