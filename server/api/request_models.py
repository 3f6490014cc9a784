"""What clients send.

A ticket's fields stand under `ticket` or beside the others: both client styles are known.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contracts.extraction import FieldValue
from contracts.ticket import NewTicket, RunOptions
from contracts.values import Severity, Tone

MAX_METADATA = 100
MAX_METADATA_BYTES = 16_384


def require_content(text: str) -> str:
    """Refuse a text of white space only. Raises ValueError."""
    if not text.strip():
        raise ValueError("must hold more than white space")
    return text


def require_small_metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Refuse large metadata: every checkpoint of the run holds a copy.

    Raises ValueError.
    """
    if len(orjson.dumps(metadata)) > MAX_METADATA_BYTES:
        raise ValueError(f"must be at most {MAX_METADATA_BYTES // 1024} KiB as JSON")
    return metadata


Subject = Annotated[
    str, Field(min_length=1, max_length=500), AfterValidator(require_content)
]
Body = Annotated[
    str, Field(min_length=1, max_length=50_000), AfterValidator(require_content)
]
EMAIL_PATTERN = r"^[^@\s<>\x22]+@[^@\s<>\x22]+$"
"""One @, no space, no angle brackets, no quotes.

A quote is written as \\x22: generators of Python clients put the pattern between quotes.
"""

Email = Annotated[str, Field(max_length=320, pattern=EMAIL_PATTERN)]
Metadata = Annotated[
    dict[str, Any],
    Field(max_length=MAX_METADATA),
    AfterValidator(require_small_metadata),
]
SourceId = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=255,
        description="Your own id of it; the same id again is the same ticket, always",
    ),
]


TICKET_EXAMPLE = {
    "subject": "Charged twice",
    "body": "Order ORD-111 was charged twice, please refund $29.99.",
    "customer_email": "ada@example.com",
}
CLASSIFICATION_EXAMPLE = {"category": "billing", "severity": "medium"}
EXTRACTION_EXAMPLE = {"fields": [{"name": "order_id", "value": "ORD-111"}]}


def with_example(**example: Any) -> ConfigDict:
    """The configuration of a body that ignores unknown fields and documents an example."""
    return ConfigDict(extra="ignore", json_schema_extra={"examples": [example]})


class TicketIn(BaseModel):
    """A ticket as clients send it."""

    model_config = with_example(**TICKET_EXAMPLE)

    subject: Subject = Field(description="What it is about, 1 to 500 characters")
    body: Body = Field(description="The message, 1 to 50,000 characters")
    customer_id: str | None = Field(
        default=None,
        max_length=100,
        description="Your id of the customer; duplicates are linked only within one customer",
    )
    customer_email: Email | None = Field(
        default=None,
        description="The customer's verified address; replies go there and nowhere else",
    )
    customer_name: str | None = Field(
        default=None, max_length=200, description="Used in the greeting"
    )
    metadata: Metadata | None = Field(
        default=None,
        description="Anything to be kept with the ticket: at most 100 keys, 16 KiB as JSON",
    )
    desk: str = Field(
        default="customer_support",
        max_length=64,
        description="The desk whose policies apply",
    )
    source_id: SourceId = None

    def to_new_ticket(self, source: str = "api") -> NewTicket:
        """The ticket to be stored."""
        return NewTicket(
            source=source,
            **self.model_dump(exclude={"metadata"}),
            metadata=self.metadata or {},
        )


class OptionsIn(BaseModel):
    """Options of one run."""

    model_config = ConfigDict(extra="ignore")

    response_tone: Tone | None = Field(
        default=None, description="Tone of the reply; the desk's own when not given"
    )
    tone: Tone | None = Field(default=None, description="The same as response_tone")
    enable_parallel: bool = Field(
        default=True, description="Classify, extract and retrieve at the same time"
    )
    skip_classification: bool = Field(
        default=False, description="Do not classify: nothing is routed by category"
    )
    skip_extraction: bool = Field(default=False, description="Do not extract fields")
    skip_response: bool = Field(default=False, description="Do not draft a reply")
    skip_response_generation: bool = Field(
        default=False, description="The same as skip_response"
    )
    skip_routing: bool = Field(
        default=False, description="Do not route: the ticket stays unassigned"
    )
    enable_duplicate_detection: bool = Field(
        default=True, description="Look for an open ticket that says the same"
    )

    def to_run_options(self) -> RunOptions:
        """The options of the run."""
        return RunOptions(
            response_tone=self.response_tone or self.tone,
            skip_response=self.skip_response or self.skip_response_generation,
            **self.model_dump(
                exclude={
                    "response_tone",
                    "tone",
                    "skip_response",
                    "skip_response_generation",
                }
            ),
        )


def nest_flat_body(
    value: Any, lift: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
) -> Any:
    """A flat body as a nested one; a nested one unchanged."""
    if not isinstance(value, Mapping) or "ticket" in value:
        return value
    flat = cast("Mapping[str, Any]", value)
    own = {name: flat[name] for name in TicketIn.model_fields if name in flat}
    return {**flat, "ticket": own, **(lift(flat) if lift else {})}


class ProcessIn(BaseModel):
    """A ticket to be run through the whole graph."""

    model_config = with_example(
        ticket=TICKET_EXAMPLE, options={"response_tone": "formal"}
    )

    ticket: TicketIn = Field(
        description="The ticket; its fields may also stand beside `options`, without `ticket`"
    )
    options: OptionsIn = Field(
        default_factory=OptionsIn, description="Options of this run"
    )

    @model_validator(mode="before")
    @classmethod
    def accept_flat(cls, value: Any) -> Any:
        """Accept a flat body as well."""
        return nest_flat_body(value)


class ClassifyIn(BaseModel):
    """A ticket to be classified."""

    model_config = with_example(ticket=TICKET_EXAMPLE)

    ticket: TicketIn = Field(
        description="The ticket; its fields may also stand without `ticket` around them"
    )

    @model_validator(mode="before")
    @classmethod
    def accept_flat(cls, value: Any) -> Any:
        """Accept a flat body as well."""
        return nest_flat_body(value)


class ExtractIn(ClassifyIn):
    """A ticket to read fields from. The category says which fields are required."""

    model_config = with_example(ticket=TICKET_EXAMPLE, category="billing")

    category: str | None = Field(
        default=None,
        max_length=64,
        description="The category whose required fields are looked for; none without",
    )


class FieldIn(BaseModel):
    """One field that was extracted before."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(
        max_length=64, description="The field's name, from the desk's `fields.yaml`"
    )
    value: FieldValue = Field(
        description="The value found; a list when there are several"
    )
    confidence: float = Field(
        default=1.0, ge=0, le=1, description="Probability that it is right, 0 to 1"
    )
    source_span: str | None = Field(
        default=None, max_length=1000, description="The text it was read from"
    )


class ExtractionIn(BaseModel):
    """The fields that were extracted before."""

    model_config = ConfigDict(extra="ignore")

    fields: list[FieldIn] = Field(
        default_factory=list, max_length=100, description="The fields"
    )


class ClassificationIn(BaseModel):
    """A classification that was made before, by us or by the client."""

    model_config = ConfigDict(extra="ignore")

    category: str = Field(
        max_length=64, description="The category's id, one of the desk's taxonomy"
    )
    category_confidence: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Probability that the category is right, 0 to 1",
    )
    severity: Severity = Field(description="How bad it is")
    severity_confidence: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Probability that the severity is right, 0 to 1",
    )


def collect_flat_fields(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Category, severity, fields and tone of a flat body, where the nested one has them."""
    parts: dict[str, Any] = {
        "classification": {
            name: flat[name] for name in ClassificationIn.model_fields if name in flat
        },
        "options": {"tone": flat["tone"]}
        if "tone" in flat
        else flat.get("options", {}),
    }
    if "extracted_fields" in flat:
        parts["extraction"] = flat["extracted_fields"]
    return parts


class RouteIn(BaseModel):
    """A classified ticket to be routed."""

    model_config = with_example(
        ticket=TICKET_EXAMPLE,
        classification=CLASSIFICATION_EXAMPLE,
        extraction=EXTRACTION_EXAMPLE,
    )

    ticket: TicketIn = Field(
        description="The ticket; its fields may also stand without `ticket` around them"
    )
    classification: ClassificationIn = Field(
        description="What it is about and how bad it is"
    )
    extraction: ExtractionIn = Field(
        default_factory=ExtractionIn, description="The fields found in it"
    )

    @model_validator(mode="before")
    @classmethod
    def accept_flat(cls, value: Any) -> Any:
        """Accept a flat body as well."""
        return nest_flat_body(value, collect_flat_fields)


class RespondIn(RouteIn):
    """A classified ticket to draft a reply for."""

    model_config = with_example(
        ticket=TICKET_EXAMPLE,
        classification=CLASSIFICATION_EXAMPLE,
        extraction=EXTRACTION_EXAMPLE,
        options={"tone": "formal"},
    )

    options: OptionsIn = Field(
        default_factory=OptionsIn, description="Options of the reply: `tone`"
    )


class WebhookIn(BaseModel):
    """A ticket of the internal helpdesk.

    `priority` and `metadata.department` are hints: the desk's policies decide.
    """

    model_config = with_example(
        title="Laptop does not start",
        description="Since this morning my laptop shows a black screen.",
        email="ada@example.com",
        priority="high",
    )

    title: Annotated[
        str, Field(min_length=1, max_length=200), AfterValidator(require_content)
    ] = Field(description="What it is about, 1 to 200 characters")
    description: Annotated[
        str, Field(min_length=1, max_length=5_000), AfterValidator(require_content)
    ] = Field(description="The message, 1 to 5,000 characters")
    email: Email = Field(description="The sender's address")
    priority: Severity | None = Field(
        default=None,
        description="The sender's view of how bad it is: advice, not an order",
    )
    source: str = Field(
        default="webhook", max_length=40, description="Where it came from"
    )
    source_id: SourceId = None
    metadata: Metadata | None = Field(
        default=None,
        description="Anything to be kept with the ticket: at most 100 keys, 16 KiB as JSON",
    )

    def to_new_ticket(self) -> NewTicket:
        """The ticket to be stored."""
        advice = {"priority": self.priority} if self.priority else {}
        return NewTicket(
            desk="internal_helpdesk",
            subject=self.title,
            body=self.description,
            customer_email=self.email,
            metadata={**(self.metadata or {}), **advice},
            source=self.source or "webhook",
            source_id=self.source_id,
        )
