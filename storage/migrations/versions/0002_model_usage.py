"""What model calls cost, per step."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table('steps', schema=None) as batch_op:
        batch_op.add_column(sa.Column('usage', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('cost_usd', sa.Float(), server_default='0', nullable=False))
        batch_op.create_index(
            'ix_steps_paid', ['started_at'], unique=False,
            sqlite_where=sa.text('cost_usd > 0'), postgresql_where=sa.text('cost_usd > 0'))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table('steps', schema=None) as batch_op:
        batch_op.drop_index('ix_steps_paid')
        batch_op.drop_column('cost_usd')
        batch_op.drop_column('usage')
