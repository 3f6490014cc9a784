"""The audit log becomes a hash chain; records that are there are chained in their order."""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from storage.audit.chain import GENESIS_HASH, canonical_json, format_time, hash_record

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.alter_column('id', new_column_name='sequence', existing_type=sa.Integer())
        batch_op.alter_column('at', existing_type=sa.DateTime(timezone=True), type_=sa.String(length=40))
        batch_op.alter_column('detail', existing_type=sa.JSON(), type_=sa.Text())
        batch_op.add_column(sa.Column('previous_hash', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('hash', sa.String(length=64), nullable=True))
    chain(op.get_bind())
    with op.batch_alter_table('audit', schema=None) as batch_op:
        batch_op.alter_column('at', existing_type=sa.String(length=40), type_=sa.String(length=27))
        batch_op.alter_column('previous_hash', existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column('hash', existing_type=sa.String(length=64), nullable=False)


def chain(connection: sa.Connection) -> None:
    """Number what is there without gaps, and hash it. Numbers only ever become smaller, so none is taken."""
    audit = sa.Table('audit', sa.MetaData(), autoload_with=connection)
    number, previous, last = 0, GENESIS_HASH, -1
    while rows := connection.execute(
        sa.select(audit).where(audit.c.sequence > last).order_by(audit.c.sequence).limit(1000)
    ).mappings().all():
        for row in rows:
            number, last = number + 1, row['sequence']
            at = datetime.fromisoformat(row['at'])
            values = {**row, 'sequence': number, 'previous_hash': previous, 'detail': canonical_json(json.loads(row['detail']))}
            values['at'] = format_time(at if at.tzinfo else at.replace(tzinfo=UTC))
            previous = values['hash'] = hash_record(values)
            connection.execute(sa.update(audit).where(audit.c.sequence == last).values(**values))


def downgrade() -> None:
    """Take back."""
    raise RuntimeError('An audit chain is not taken apart. Restore the backup from before.')
