"""Tickets, and the request each one came from."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, text

from storage.database.columns import UtcDateTime
from storage.tables.metadata import metadata

tickets = Table(
    "tickets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("desk", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("customer", String(400)),
    Column("customer_id", String(100)),
    Column("customer_email", String(320)),
    Column("customer_name", String(200)),
    Column("metadata", JSON, nullable=False),
    Column("source", String(40), nullable=False),
    Column("source_id", String(255)),
    Column("received_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("status", String(32), nullable=False),
    Column("category", String(64)),
    Column("severity", String(16)),
    Column("priority", String(16)),
    Column("assigned_team", String(64)),
    Column("duplicate_of", String(64)),
    Column("solution", Text),
    Column("due_at", UtcDateTime),
    Index(None, "status"),
    Index(None, "received_at"),
    Index(None, "customer", "received_at"),
    Index(
        "ix_tickets_source_id",
        "desk",
        "source",
        "source_id",
        unique=True,
        sqlite_where=text("source_id IS NOT NULL"),
        postgresql_where=text("source_id IS NOT NULL"),
    ),
)
"""One row a ticket, as it was received and as it stands now.

`customer` is Ticket.customer, the key by which a customer's tickets are compared;
`solution` is set for solved tickets only; `due_at` is when the first answer is due by the
SLA of the severity.
"""

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column(
        "ticket_id",
        String(64),
        ForeignKey("tickets.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("run_id", String(64)),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)
"""The request that a caller's idempotency key stands for.

`digest` is the request's hash: the same key with another request is a conflict. `run_id`
is null where the ticket was only stored.
"""
