"""The decision on a ticket, and the rules behind it."""

from datetime import datetime

from pydantic import Field

from contracts.values import Disposition, Priority, Value


class Reason(Value):
    """One rule that applied: its id, and the sentence a person reads."""

    rule: str
    text: str


class Decision(Value):
    """Where the ticket goes, how urgent it is, and whether a person must approve first."""

    disposition: Disposition
    team: str
    priority: Priority
    needs_approval: bool = Field(description="True when the run must wait for a person")
    send_reply: bool = Field(description="True when policy grants the draft to be sent")
    reasoning: str = ""
    reasons: tuple[Reason, ...] = ()
    alternative_teams: tuple[str, ...] = ()
    escalation_path: tuple[str, ...] = ()
    confidence: float = Field(ge=0, le=1)
    due_at: datetime | None = Field(
        default=None,
        description="When the first answer is due, by the SLA of the severity",
    )

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules that decided."""
        return tuple(reason.rule for reason in self.reasons)
