"""Deadlines: what happens at a time."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, text

from storage.database.columns import UtcDateTime
from storage.tables.metadata import metadata

deadlines = Table(
    "deadlines",
    metadata,
    Column("key", String(160), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("subject", String(64), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    Index(
        "ix_deadlines_due",
        "due_at",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)
"""One row a deadline. `subject` is a ticket's or an approval's id.

`key` is kind and subject, so that there is one deadline of a kind for a subject.
"""
