"""Approvals: what a waiting run asks a person, and the decision."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, UniqueConstraint

from storage.database.columns import UtcDateTime
from storage.tables.metadata import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "run_id", String(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False
    ),
    Column("ticket_id", String(64), nullable=False),
    Column("interrupt_id", String(64), nullable=False),
    Column("request", JSON, nullable=False),
    Column("shown_hash", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("decision", JSON),
    Column("decided_by", String(200)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("expires_at", UtcDateTime, nullable=False),
    UniqueConstraint("run_id", "interrupt_id"),
    Index(None, "status"),
)
"""One row a question to a person. `shown_hash` is the hash of what that person was shown.

LangGraph's `interrupt_id` is unique within a run, so an interrupt asks once.
"""
