"""The closed vocabularies, and the base class of every value object."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["critical", "high", "medium", "low"]
Priority = Literal["urgent", "high", "normal", "low"]
Tone = Literal["formal", "friendly", "technical"]
Disposition = Literal["auto_resolve", "request_info", "assign", "escalate", "duplicate"]
EngineName = Literal["local", "llm", "none"]
TicketStatus = Literal[
    "received",
    "waiting",
    "processed",
    "assigned",
    "awaiting_customer",
    "resolved",
    "duplicate",
    "closed",
    "failed",
]
"""received: stored; waiting: a person is asked; processed: its run ended without routing or
reply; assigned: a team has it; awaiting_customer: we asked for missing information; resolved:
a reply was sent; duplicate: linked to an open ticket; closed: solved elsewhere, imported;
failed: its run was given up.
"""

SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""From least to most severe; a severity's rank is its index here."""

PRIORITIES: tuple[Priority, ...] = ("low", "normal", "high", "urgent")
"""From least to most urgent; a priority's rank is its index here."""


class Value(BaseModel):
    """An immutable value: equal by content, safe to share between nodes and to checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")
