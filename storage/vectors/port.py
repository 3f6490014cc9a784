"""The port of the vector search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]
"""A fingerprint: a unit vector, so that the similarity of two is their dot product."""

MAX_EARLIER = 20
"""How many of a customer's newest earlier tickets a new one is compared with."""


@dataclass(frozen=True, slots=True)
class EarlierTicket:
    """A ticket of the same customer and desk, stored earlier. `similarity` is at most 1."""

    ticket_id: str
    digest: str
    received_at: datetime
    similarity: float


@dataclass(frozen=True, slots=True)
class NearTicket:
    """A similar ticket. `score` is the similarity, at most 1."""

    ticket_id: str
    score: float
    solved: bool


class Vectors(Protocol):
    """Fingerprints of stored tickets, shared by all workers on the database."""

    async def load_index(self) -> None:
        """Prepare the search. Called once, before anything else."""
        ...

    async def store_fingerprint(
        self, ticket_id: str, digest: str, vector: Vector
    ) -> Sequence[EarlierTicket]:
        """Store a ticket's fingerprint and return the customer's earlier tickets, newest first.

        Both happen in one transaction: of two tickets stored concurrently exactly one is
        the earlier. Storing again changes nothing and returns the same. For a ticket that
        is not in the database nothing is stored and nothing returned.
        """
        ...

    async def delete_fingerprints(self, ticket_ids: Sequence[str]) -> None:
        """Delete the fingerprints of tickets; a ticket without one is no error."""
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
        """The desk's tickets nearest to a vector, best first, without the ticket `but`."""
        ...
