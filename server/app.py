"""The FastAPI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from graph.desk import TicketGraph
from server.api import approvals, runs, service, short_tickets, tickets, webhook, workflow
from server.guard import Guard
from server.metrics import Metrics
from server.problems import document_problems, handle_problems
from server.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The app on one data folder, opened with the app and closed with it."""

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        metrics = Metrics()
        opening = TicketGraph.open(
            settings.data_dir, desks_dir=settings.desks_dir, models=settings, observe=metrics.observe
        )
        async with opening as desk:
            with metrics.watching(lambda: desk.model_state, settings.metrics_port, settings.host):
                app.state.desk = desk
                app.state.longest_wait = settings.max_workflow_timeout_seconds
                app.state.metrics = metrics if settings.prometheus_metrics_enabled else None
                yield

    app = FastAPI(
        title="TicketGraph",
        version=version("ticketgraph"),
        summary="Support tickets through a durable graph.",
        lifespan=opened,
        docs_url=None,
        redoc_url=None,
    )
    for module in (workflow, tickets, short_tickets, webhook, runs, approvals, service):
        app.include_router(module.routes)
    handle_problems(app)
    document_problems(app)
    app.add_middleware(Guard)
    return app
