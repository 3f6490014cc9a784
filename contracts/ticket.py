"""The ticket as received, and the clean text that the other nodes read."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from contracts.values import Tone, Value

Text = Annotated[str, Field(max_length=200_000)]


class NewTicket(Value):
    """A ticket as it is submitted."""

    desk: str = Field(
        default="customer_support", description="The desk whose policies apply"
    )
    subject: Text = Field(default="", description="What the customer wrote as subject")
    body: Text = Field(default="", description="The message, as received")
    customer_id: str | None = Field(
        default=None,
        description="The identified customer; duplicates are linked only within one",
    )
    customer_email: str | None = Field(
        default=None,
        description="The verified address; replies go there and nowhere else",
    )
    customer_name: str | None = Field(default=None, description="Used in the greeting")
    metadata: dict[str, Any] = Field(
        default_factory=dict,
        description="Anything the source wants kept with the ticket",
    )
    source: str = Field(
        default="api", description="Where it came in: api, webhook, email, cli, studio"
    )
    source_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="The source's own id of it: one ticket per desk and source",
    )

    @property
    def customer(self) -> str | None:
        """The customer as one comparable key; None for an anonymous ticket."""
        if self.customer_id:
            return f"id:{self.customer_id}"
        return (
            f"mail:{self.customer_email.strip().casefold()}"
            if self.customer_email
            else None
        )


class Ticket(NewTicket):
    """A ticket exactly as received: stored before anything else, and never changed."""

    id: str = Field(description="The ticket's id")
    received_at: datetime = Field(description="When it was received")


class RunOptions(Value):
    """What a caller may set for one run."""

    response_tone: Tone | None = Field(
        default=None, description="Tone of the reply; the desk's own when not given"
    )
    enable_parallel: bool = Field(
        default=True, description="Classify, extract and retrieve at the same time"
    )
    skip_classification: bool = Field(
        default=False, description="Do not classify: nothing is routed by category"
    )
    skip_extraction: bool = Field(default=False, description="Do not extract fields")
    skip_response: bool = Field(default=False, description="Do not draft a reply")
    skip_routing: bool = Field(
        default=False, description="Do not route: the ticket stays unassigned"
    )
    enable_duplicate_detection: bool = Field(
        default=True, description="Look for an open ticket that says the same"
    )


class InjectionFlag(Value):
    """A sign that the text is a prompt injection. It raises review, and refuses nothing."""

    rule: str
    excerpt: str


class CleanTicket(Value):
    """The text that the nodes read: normalised, without quoted history and signature."""

    subject: str
    body: str
    quoted: str = Field(
        default="",
        description="Quoted replies and forwarded history, split off the body",
    )
    signature: str = Field(
        default="", description="Signature block, split off the body"
    )
    language: str | None = Field(
        default=None, description="ISO 639-1; None when the text is too short to tell"
    )
    language_confidence: float | None = None
    supported_language: bool = Field(
        default=True, description="False when the desk does not speak this language"
    )
    injection_flags: tuple[InjectionFlag, ...] = ()

    @property
    def text(self) -> str:
        """Subject and body as one text, a blank line between them."""
        return f"{self.subject}\n\n{self.body}".strip()

    @property
    def everything(self) -> str:
        """The text, the signature and the quoted history: where fields are searched."""
        return "\n\n".join(
            part for part in (self.text, self.signature, self.quoted) if part
        )
