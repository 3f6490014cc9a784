"""Vectors of tickets, for duplicates and similar tickets."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from storage.database.columns import HalfVector
from storage.tables.metadata import metadata

FINGERPRINT_DIMENSIONS = 896
"""Numbers of a vector: 384 of the embedding, the rest hashed character n-grams."""

VECTOR_INDEXES = ("ix_fingerprints_vector", "ix_fingerprints_solved")
"""Indexes that exist on PostgreSQL only. Migration 0006 creates them, not this metadata."""

fingerprints = Table(
    "fingerprints",
    metadata,
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("model", String(64), nullable=False),
    Column("desk", String(64), nullable=False),
    Column("customer", String(400)),
    Column("place", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("solved", Boolean, nullable=False),
    Column("vector", HalfVector(FINGERPRINT_DIMENSIONS), nullable=False),
    Index(None, "desk", "customer", "place", unique=True),
)
"""One row a ticket: its vector, comparable with those of the same `model`.

`place` numbers a customer's tickets in a desk by the order in which they were stored here,
from 1; 0 without a customer. It does not depend on clocks. `digest` is the hash of the
normalised text; empty in rows older than that column.
"""
