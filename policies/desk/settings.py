"""A desk's settings: languages, times, limits, and what masking keeps (`desk.yaml`)."""

from typing import Literal

from pydantic import Field

from contracts.values import Value

KeptKind = Literal[
    "order_id",
    "error_code",
    "account_id",
    "product",
    "amount",
    "date",
    "url",
    "pattern",
    "ip_address",
]
"""Kinds of values that masking may keep.

E-mail addresses, phone and card numbers, names and streets are never kept.
"""


class MaskingPolicy(Value):
    """What a model may read unmasked (`masking` in `desk.yaml`).

    All other personal data is masked.
    """

    keep: tuple[KeptKind, ...] = (
        "order_id",
        "error_code",
        "product",
        "amount",
        "date",
        "url",
        "pattern",
    )


class SettingsFile(Value):
    """The desk's own file (`desk.yaml`)."""

    title: str
    version: int = 1
    fallback_category: str
    languages: tuple[str, ...] = ("en",)
    confidence_threshold: float = Field(default=0.6, ge=0, le=1)
    duplicate_window_hours: float = Field(default=72, gt=0)
    max_redrafts: int = Field(default=2, ge=0)
    approval_hours: float = Field(default=72, gt=0)
    approval_reminder_hours: float | None = Field(
        default=None,
        gt=0,
        description=(
            "Hours until the team is reminded of an approval request; half of "
            "approval_hours when not given"
        ),
    )
    approval_expiry: Literal["reassign", "reject"] = Field(
        default="reassign",
        description="What happens to an approval request nobody answered; never a reply",
    )
    sla_warning_share: float = Field(
        default=0.75,
        gt=0,
        lt=1,
        description="The part of the time until due_at after which the team is warned",
    )
    checkpoint_hours: float = Field(
        default=168,
        ge=0,
        description="How long the checkpoints of a finished run are kept; 0: not at all",
    )
    ticket_days: float | None = Field(
        default=None,
        gt=0,
        description="How long a ticket that has ended is kept; for ever when not given",
    )
    daily_budget_usd: float | None = Field(
        default=None,
        ge=0,
        description="What models may cost this desk in a day (UTC); no limit when not given",
    )
    masking: MaskingPolicy = MaskingPolicy()

    @property
    def reminder_hours(self) -> float:
        """Hours after which the team is reminded of an approval request."""
        return (
            self.approval_hours / 2
            if self.approval_reminder_hours is None
            else self.approval_reminder_hours
        )
