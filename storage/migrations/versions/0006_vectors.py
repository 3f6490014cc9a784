"""Fingerprints with whom they belong to, and vectors that PostgreSQL can search."""

import sqlalchemy as sa
from alembic import op

from contracts.errors import UnavailableError
from storage.database.columns import HalfVector

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

OLDEST_PGVECTOR = (0, 8)

NO_PGVECTOR = (
    'The database has no pgvector, and this user may not add it. Install pgvector 0.8 or newer on the server, let an '
    'administrator run CREATE EXTENSION vector in this database, and run: ticketgraph migrate'
)
OLD_PGVECTOR = (
    'The pgvector of this database is older than 0.8. Install a newer one on the server, let an administrator run '
    'ALTER EXTENSION vector UPDATE in this database, and run: ticketgraph migrate'
)

NUMBERED = sa.text(
    'INSERT INTO fingerprints (ticket_id, model, desk, customer, place, digest, solved, vector) '
    'SELECT t.id, old.model, t.desk, t.customer, '
    'CASE WHEN t.customer IS NULL THEN 0 '
    'ELSE row_number() OVER (PARTITION BY t.desk, t.customer ORDER BY t.received_at, t.id) END, '
    "'', t.solution IS NOT NULL, old.vector "
    'FROM old_fingerprints old JOIN tickets t ON t.id = old.ticket_id ORDER BY t.received_at, t.id'
)


def upgrade() -> None:
    """Apply. On SQLite fingerprints are kept; on PostgreSQL, where there was no release before, they are made anew."""
    if op.get_context().dialect.name == 'postgresql':
        with_pgvector()
        op.drop_table('fingerprints')
        create()
        for name, where in (('ix_fingerprints_vector', None), ('ix_fingerprints_solved', sa.text('solved'))):
            op.create_index(name, 'fingerprints', ['vector'], postgresql_using='hnsw', postgresql_where=where,
                            postgresql_ops={'vector': 'halfvec_ip_ops'})
        return
    op.rename_table('fingerprints', 'old_fingerprints')
    create()
    op.execute(NUMBERED)
    op.drop_table('old_fingerprints')


def create() -> None:
    """The new table."""
    op.create_table('fingerprints',
    sa.Column('ticket_id', sa.String(length=64), nullable=False),
    sa.Column('model', sa.String(length=64), nullable=False),
    sa.Column('desk', sa.String(length=64), nullable=False),
    sa.Column('customer', sa.String(length=400), nullable=True),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('solved', sa.Boolean(), nullable=False),
    sa.Column('vector', HalfVector(896), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['tickets.id'], name=op.f('fk_fingerprints_ticket_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('ticket_id', name=op.f('pk_fingerprints'))
    )
    op.create_index(op.f('ix_fingerprints_desk_customer_place'), 'fingerprints', ['desk', 'customer', 'place'], unique=True)


def with_pgvector() -> None:
    """Have pgvector in the database. Raises UnavailableError where it is missing or too old."""
    connection = op.get_bind()
    try:
        connection.execute(sa.text('CREATE EXTENSION IF NOT EXISTS vector'))
    except sa.exc.DBAPIError as error:
        raise UnavailableError(NO_PGVECTOR) from error
    version = connection.scalar(sa.text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    if tuple(int(part) for part in version.split('.')[:2]) < OLDEST_PGVECTOR:
        raise UnavailableError(OLD_PGVECTOR)


def downgrade() -> None:
    """Take back. Fingerprints are lost; they are made again when they are missing."""
    op.drop_table('fingerprints')
    op.create_table('fingerprints',
    sa.Column('ticket_id', sa.String(length=64), nullable=False),
    sa.Column('model', sa.String(length=64), nullable=False),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['tickets.id'], name=op.f('fk_fingerprints_ticket_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('ticket_id', name=op.f('pk_fingerprints'))
    )
