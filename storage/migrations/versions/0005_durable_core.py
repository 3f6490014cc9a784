"""Jobs, deadlines, the ledger of effects, and fences."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

OPEN = sa.text('done_at IS NULL')
EXPIRY = """
INSERT INTO deadlines (key, kind, ticket_id, subject, due_at)
SELECT 'approval_expiry:' || approvals.id, 'approval_expiry', approvals.ticket_id, approvals.id, approvals.expires_at
FROM approvals JOIN runs ON runs.id = approvals.run_id
WHERE approvals.status = 'pending' AND runs.forked_from IS NULL
"""
"""Questions that were asked before there were deadlines end at their time, too."""


def upgrade() -> None:
    """Apply."""
    make_tables()
    add_columns()
    op.execute('UPDATE runs SET epoch = 1')  # somebody has gone on with them: something of them may be saved
    op.execute(EXPIRY)


def make_tables() -> None:
    """Jobs and deadlines."""
    op.create_table('jobs',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('subject', sa.String(length=128), nullable=False),
    sa.Column('lock', sa.String(length=160), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('ready_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('fence', sa.Integer(), server_default='0', nullable=False),
    sa.Column('worker', sa.String(length=64), nullable=True),
    sa.Column('leased_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_jobs'))
    )
    op.create_index(op.f('ix_jobs_lock'), 'jobs', ['lock'], unique=False)
    op.create_index(op.f('ix_jobs_ready_at'), 'jobs', ['ready_at'], unique=False)
    op.create_index(op.f('ix_jobs_kind_subject'), 'jobs', ['kind', 'subject'], unique=False)
    op.create_table('deadlines',
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('ticket_id', sa.String(length=64), nullable=False),
    sa.Column('subject', sa.String(length=64), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['ticket_id'], ['tickets.id'], name=op.f('fk_deadlines_ticket_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_deadlines'))
    )
    op.create_index(op.f('ix_deadlines_ticket_id'), 'deadlines', ['ticket_id'], unique=False)
    op.create_index('ix_deadlines_due', 'deadlines', ['due_at'], sqlite_where=OPEN, postgresql_where=OPEN)


def add_columns() -> None:
    """When an answer is due, who holds a run, and what became of an effect."""
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.add_column(sa.Column('due_at', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('epoch', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('begun', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('pruned_at', sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('attempts', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('started_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('remote_id', sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column('error', sa.Text(), nullable=True))
        batch_op.create_index(op.f('ix_outbox_status'), ['status'], unique=False)


def downgrade() -> None:
    """Take back. Jobs and deadlines are lost; a process that starts makes jobs for runs that have none."""
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index(op.f('ix_outbox_status'))
        for column in ('attempts', 'started_at', 'settled_at', 'remote_id', 'error'):
            batch_op.drop_column(column)
    with op.batch_alter_table('runs', schema=None) as batch_op:
        batch_op.drop_column('epoch')
        batch_op.drop_column('begun')
        batch_op.drop_column('pruned_at')
    with op.batch_alter_table('tickets', schema=None) as batch_op:
        batch_op.drop_column('due_at')
    op.drop_table('deadlines')
    op.drop_table('jobs')
