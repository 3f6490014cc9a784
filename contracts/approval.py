"""An approval request to a person, and the person's decision."""

from typing import Literal

from pydantic import Field

from contracts.values import Value

Verdict = Literal["approve", "edit", "reject", "reassign", "respond"]


class ApprovalRequest(Value):
    """What a person is asked, bound to exactly what was shown by `shown_hash` (SHA-256, hex)."""

    ticket_id: str
    reasons: tuple[str, ...]
    draft: str = ""
    team: str
    shown_hash: str
    round: int = Field(
        default=0, description="How often the draft was sent back so far"
    )


class ApprovalDecision(Value):
    """A person's decision.

    approve sends what was shown; edit sends `text` in its place; reject sends nothing, and with
    `guidance` asks for another draft; reassign gives the ticket to `team` and sends nothing;
    respond sends `text`, the person's own words.
    """

    type: Verdict
    text: str | None = Field(default=None, max_length=20_000)
    guidance: str | None = Field(default=None, max_length=4_000)
    team: str | None = None
    decided_by: str = "unknown"
    shown_hash: str | None = Field(
        default=None, description="When given, must match what is pending"
    )
