"""What was deleted: old checkpoints and tickets, or everything of a customer."""

from pydantic import Field

from contracts.values import Value


class Pruned(Value):
    """What was deleted under the desks' retention policies."""

    runs: int = Field(
        default=0, description="Finished runs whose checkpoints were deleted"
    )
    tickets: int = Field(default=0, description="Tickets erased by their age")


class Erasure(Value):
    """What was erased, and from how many runs of other tickets its traces were removed."""

    tickets: int = 0
    runs: int = 0
    approvals: int = 0
    effects: int = Field(default=0, description="Rows of the outbox, sent or not")
    cleaned: int = Field(
        default=0,
        description="Runs of other tickets that named an erased one, and do no more",
    )
