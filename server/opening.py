"""Opening a TicketGraph as the settings say."""

from contextlib import AbstractAsyncContextManager

from graph.desk import TicketGraph
from server.metrics import Metrics
from server.settings import Settings


def opened_desk(
    settings: Settings, metrics: Metrics, *, working: bool = True, migrating: bool = True
) -> AbstractAsyncContextManager[TicketGraph]:
    """See TicketGraph.open. Where not `working`, runs are left to other processes."""
    return TicketGraph.open(
        settings.data_dir,
        database_url=settings.database_url,
        desks_dir=settings.desks_dir,
        models=settings,
        observe=metrics.observe,
        migrating=migrating,
        at_once=settings.worker_concurrency if working else 0,
    )
