"""An approval request to a person, and the person's decision."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from contracts.errors import InputError
from contracts.values import Value

Verdict = Literal["approve", "edit", "reject", "reassign", "respond"]

UNKNOWN_PERSON = "unknown"
"""Who decided, where nobody said so."""


class ApprovalRequest(Value):
    """What a person is asked, bound to exactly what was shown by `shown_hash` (SHA-256, hex)."""

    ticket_id: str = Field(description="The ticket's id")
    reasons: tuple[str, ...] = Field(
        description="Why a person is asked, one sentence each"
    )
    draft: str = Field(default="", description="The reply that approving sends")
    team: str = Field(description="The team the ticket goes to")
    shown_hash: str = Field(
        description="SHA-256 (hex) of what is shown; name it when deciding"
    )
    round: int = Field(
        default=0, description="How often the draft was sent back so far"
    )


class ApprovalDecision(Value):
    """A person's answer. Validation refuses one that could not be carried out on any desk.

    approve sends what was shown; edit sends `text` in its place; reject sends nothing, and with
    `guidance` asks for another draft; reassign gives the ticket to `team` and sends nothing;
    respond sends `text`, the person's own words.
    """

    type: Verdict = Field(description="What is done")
    text: str | None = Field(
        default=None, max_length=20_000, description="The reply, to edit or respond"
    )
    guidance: str | None = Field(
        default=None,
        max_length=4_000,
        description="With reject: what the next draft should do",
    )
    team: str | None = Field(default=None, description="With reassign: the team's id")
    decided_by: str = Field(default=UNKNOWN_PERSON, description="Who decided")
    shown_hash: str | None = Field(
        default=None, description="When given, must match what is pending"
    )

    @field_validator("decided_by")
    @classmethod
    def name_somebody(cls, given: str) -> str:
        """An empty name means that nobody said who decided, as in decisions of old versions."""
        return given if given.strip() else UNKNOWN_PERSON

    @model_validator(mode="after")
    def require_what_the_type_needs(self) -> Self:
        """Refuse a reply without words, and a reassignment to nobody."""
        if self.type in ("edit", "respond") and not (self.text or "").strip():
            raise PydanticCustomError(
                "text_missing",
                "To {type}, send the reply in `text`",
                {"type": self.type},
            )
        if self.type == "reassign" and not (self.team or "").strip():
            raise PydanticCustomError(
                "team_missing", "To reassign, name the team in `team`"
            )
        return self


class Approval(Value):
    """A question as it is stored, and the answer once there is one."""

    id: str = Field(description="The approval's id")
    run_id: str = Field(description="The run that waits")
    ticket_id: str = Field(description="The ticket's id")
    status: str = Field(description="pending or decided")
    request: ApprovalRequest = Field(description="What the person is asked")
    decision: ApprovalDecision | None = Field(
        description="The answer; null while pending"
    )
    decided_by: str | None = Field(description="Who answered; null while pending")
    created_at: datetime = Field(description="When the question was asked")
    decided_at: datetime | None = Field(
        description="When it was answered; null while pending"
    )
    expires_at: datetime = Field(
        description="When the desk's safe default decides instead"
    )


def make_decision(values: object) -> ApprovalDecision:
    """The decision that `values` (a mapping, or a decision) describes.

    Raises InputError, which names every field that is wrong and repeats no value.
    """
    try:
        return ApprovalDecision.model_validate(values)
    except ValidationError as error:
        raise InputError(describe_faults(error)) from None


def describe_faults(error: ValidationError) -> str:
    """What is wrong, field by field, in sentences."""
    return " ".join(
        f"`{'.'.join(map(str, fault['loc']))}`: {fault['msg']}."
        if fault["loc"]
        else f"{fault['msg']}."
        for fault in error.errors(include_input=False, include_url=False)
    )
