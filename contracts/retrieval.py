"""What retrieval finds: articles, solved tickets, similar and duplicate tickets."""

from typing import Literal

from pydantic import Field

from contracts.values import Severity, Value


class Source(Value):
    """A knowledge article or a solved ticket that may answer this one."""

    id: str
    kind: Literal["article", "solved_ticket"]
    title: str
    score: float = Field(
        description="Similarity in [-1, 1]; comparable within one retrieval only"
    )
    category: str | None = None
    excerpt: str = Field(
        default="", description="What to tell the customer, taken whole from the source"
    )
    steps: tuple[str, ...] = ()
    self_service: bool = Field(
        default=False,
        description="The desk allows this source to be sent without review",
    )
    leaves_open: bool = Field(
        default=False,
        description=(
            "True when the ticket also tells or asks something that this source does "
            "not answer"
        ),
    )
    questions: tuple[str, ...] = Field(
        default=(), description="What people typically ask that this source answers"
    )


class SimilarTicket(Value):
    """An earlier ticket that is similar. A suggestion: similarity alone never links tickets."""

    ticket_id: str = Field(description="The earlier ticket's id")
    subject: str = Field(description="Its subject")
    score: float = Field(description="Similarity, -1 to 1")
    status: str = Field(description="Its status")


class Duplicate(Value):
    """The open ticket of the same customer that this one repeats."""

    ticket_id: str
    score: float = Field(ge=0, le=1)
    kind: Literal["exact", "near_exact"]


class Original(Value):
    """What is known of the ticket that a duplicate joins; None while it is in progress."""

    ticket_id: str
    severity: Severity | None = None
    team: str | None = None
    answered: bool = Field(
        default=False, description="True when the customer has had a reply to it"
    )
