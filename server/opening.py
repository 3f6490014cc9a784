"""Opens a TicketGraph with the settings of this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.webhook import WebhookConnector
from server.metrics import Metrics
from server.settings import Settings
from storage.database.address import PostgresAddress, database_address_of
from ticketgraph.app import TicketGraph
from ticketgraph.assembly import utc_now


@asynccontextmanager
async def open_app(
    settings: Settings,
    metrics: Metrics | None = None,
    *,
    working: bool = True,
    migrating: bool = True,
    command: bool = False,
) -> AsyncIterator[TicketGraph]:
    """See TicketGraph.open. Where not `working`, runs are left to other processes.

    A single `command` neither works nor migrates where processes share the database: it may
    have other settings than they have.
    """
    address = database_address_of(settings.database_url, settings.data_dir)
    guest = command and isinstance(address, PostgresAddress)
    connector = make_connector(settings)
    opening = TicketGraph.open(
        settings.data_dir,
        database_url=settings.database_url,
        desks_dir=settings.desks_dir,
        models=settings,
        **({"observe": metrics.count_call} if metrics else {}),
        connector=connector,
        delivery_seconds=settings.delivery_timeout_seconds,
        migrating=migrating and not guest,
        at_once=settings.worker_concurrency if working and not guest else 0,
        max_wait_seconds=settings.max_workflow_timeout_seconds if guest else None,
    )
    try:
        async with opening as app:
            yield app
    finally:
        if connector:
            await connector.close()


def make_connector(settings: Settings) -> WebhookConnector | None:
    """What effects go out through; None where no address is set."""
    if settings.delivery_webhook_url is None:
        return None
    secret = settings.delivery_webhook_secret
    return WebhookConnector(
        str(settings.delivery_webhook_url),
        secret.get_secret_value() if secret else None,
        settings.delivery_timeout_seconds,
        utc_now,
    )
