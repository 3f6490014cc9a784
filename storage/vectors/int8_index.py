"""An index in memory of vectors quantised to 8 bits, searched by brute force in two stages.

A vector's first numbers are the embedding (meaning), the rest hashed character n-grams
(spelling). The embedding selects a few hundred candidates, all numbers a few of those, and
the caller scores these exactly. Projections fitted to the tickets did worse: they fail on
tickets unlike those that they were fitted to.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from storage.vectors.port import Vector

CAPACITY = 200_000
"""Vectors of one index, some 1.1 kB each; a new one then replaces the oldest."""

BLOCK_ROWS = 1024
"""Rows of one array, which as 32-bit numbers fits into a processor's cache."""

MEANING_DIMENSIONS = 384
"""Numbers of the embedding, compared in the first stage."""

CANDIDATES = 400
"""Candidates of the first stage. They include .999 of the true five nearest."""


class VectorBlock:
    """Rows of vectors. Meaning and spelling lie apart, so that each stage reads in sequence."""

    def __init__(self, width: int) -> None:
        self.meaning = np.zeros((BLOCK_ROWS, MEANING_DIMENSIONS), np.int8)
        self.spelling = np.zeros((BLOCK_ROWS, width - MEANING_DIMENSIONS), np.int8)
        self.scale = np.zeros(BLOCK_ROWS, np.float32)

    def store_row(self, row: int, vector: Vector) -> None:
        """Quantise and store a vector; its largest number becomes 127."""
        scale = float(np.abs(vector).max()) / 127 or 1.0
        numbers = np.rint(vector.astype(np.float32) / scale)
        self.meaning[row], self.spelling[row], self.scale[row] = (
            numbers[:MEANING_DIMENSIONS],
            numbers[MEANING_DIMENSIONS:],
            scale,
        )


class Int8Index:
    """The index of one desk's solved, or other, tickets.

    One thread changes it, any thread may search it meanwhile: such a search may miss the
    changed ticket or return one that is gone.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.ids: list[str] = []
        self.rows: dict[str, int] = {}
        self.blocks: list[VectorBlock] = []
        self.next_row = 0

    def put_vector(self, ticket_id: str, vector: Vector) -> None:
        """Add a ticket, or replace its vector."""
        row = self.rows.get(ticket_id)
        if row is None:
            row = self.take_row(ticket_id, vector.shape[0])
        self.blocks[row // BLOCK_ROWS].store_row(row % BLOCK_ROWS, vector)

    def take_row(self, ticket_id: str, width: int) -> int:
        """A row for a new ticket; the oldest one's when all are taken."""
        row = self.next_row % self.capacity
        self.next_row += 1
        if row == len(self.blocks) * BLOCK_ROWS:
            self.blocks.append(VectorBlock(width))
        if row < len(self.ids):
            self.rows.pop(self.ids[row], None)
            self.ids[row] = ticket_id
        else:
            self.ids.append(ticket_id)
        self.rows[ticket_id] = row
        return row

    def remove_ticket(self, ticket_id: str) -> None:
        """Remove a ticket, if it is in here. Its row stays empty until it is reused."""
        row = self.rows.pop(ticket_id, None)
        if row is not None:
            self.ids[row] = ""
            self.blocks[row // BLOCK_ROWS].scale[row % BLOCK_ROWS] = 0

    def find_candidates(self, vector: Vector, limit: int) -> Sequence[str]:
        """Candidates for the nearest tickets, at most `limit`, in no order."""
        count = len(self.ids)
        if count <= limit:
            return [ticket_id for ticket_id in self.ids if ticket_id]
        by_meaning = self.score_meaning(vector)[:count]
        rows = highest_scores(by_meaning, CANDIDATES)
        chosen = rows[
            highest_scores(
                by_meaning[rows] + self.score_spelling(rows.tolist(), vector), limit
            )
        ].tolist()
        return [
            ticket_id for ticket_id in (self.ids[row] for row in chosen) if ticket_id
        ]

    def score_meaning(self, vector: Vector) -> NDArray[np.float32]:
        """The score of every row by meaning alone."""
        meaning = vector[:MEANING_DIMENSIONS].astype(np.float32)
        # One buffer for all blocks: allocating one for each is slower.
        wide = np.empty((BLOCK_ROWS, MEANING_DIMENSIONS), np.float32)
        scores: list[NDArray[np.float32]] = []
        for block in self.blocks:
            np.copyto(wide, block.meaning)
            scores.append((wide @ meaning) * block.scale)
        return np.concatenate(scores)

    def score_spelling(
        self, rows: Sequence[int], vector: Vector
    ) -> NDArray[np.float32]:
        """What the spelling of these rows adds to their scores."""
        places = [(self.blocks[row // BLOCK_ROWS], row % BLOCK_ROWS) for row in rows]
        spelling = np.stack([block.spelling[place] for block, place in places]).astype(
            np.float32
        )
        scale = np.array([block.scale[place] for block, place in places])
        return (spelling @ vector[MEANING_DIMENSIONS:].astype(np.float32)) * scale


def highest_scores(scores: NDArray[np.float32], limit: int) -> NDArray[np.intp]:
    """The indices of the `limit` highest scores, in no order."""
    return (
        np.argpartition(-scores, limit - 1)[:limit]
        if scores.size > limit
        else np.arange(scores.size)
    )
