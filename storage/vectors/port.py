"""What is asked of the vectors, whatever finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]
"""A fingerprint: a unit vector, so that the likeness of two is their dot product."""

MAX_EARLIER = 20
"""How many of a customer's earlier tickets a new one is compared with."""


@dataclass(frozen=True, slots=True)
class EarlierTicket:
    """A ticket of the same customer and desk that was remembered before.

    `similarity` is at most 1.
    """

    ticket_id: str
    digest: str
    received_at: datetime
    similarity: float


@dataclass(frozen=True, slots=True)
class NearTicket:
    """A ticket that reads like what was asked for. `score` is its likeness, at most 1."""

    ticket_id: str
    score: float
    solved: bool


class Vectors(Protocol):
    """Fingerprints of stored tickets.

    Every worker that shares the database finds what any of them has remembered.
    """

    async def load_index(self) -> None:
        """Get ready to search. Called once, before anything else."""
        ...

    async def store_fingerprint(
        self, ticket_id: str, digest: str, vector: Vector
    ) -> Sequence[EarlierTicket]:
        """Keep a ticket's fingerprint.

        What the customer's newest tickets from before it read like, newest first.

        Both are one step: of two tickets, whoever remembers them and whenever, exactly one
        is earlier. Remembered again a ticket changes nothing and finds what it found. One
        that is not stored is not remembered and finds nothing.
        """
        ...

    async def delete_fingerprints(self, ticket_ids: Sequence[str]) -> None:
        """Drop the fingerprints of tickets; those that have none are no error."""
        ...

    async def find_nearest(
        self,
        vector: Vector,
        desk: str,
        limit: int,
        *,
        but: str,
        only_solved: bool = False,
    ) -> Sequence[NearTicket]:
        """The desk's tickets nearest to a vector, best first, without the one named `but`."""
        ...
