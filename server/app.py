"""The FastAPI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.routing import APIRoute

from server.api import (
    approvals,
    dead_letters,
    effects,
    health,
    runs,
    service,
    short_tickets,
    tickets,
    webhook,
    workflow,
)
from server.http.guard import RequestGuard
from server.http.problems import document_problems, handle_problems
from server.metrics import Metrics
from server.opening import open_app
from server.settings import Settings

TAGS = [
    {
        "name": "workflow",
        "description": "Run a ticket through the whole graph, or through one step of it",
    },
    {"name": "tickets", "description": "Store, read and list tickets"},
    {
        "name": "short tickets",
        "description": "The same tickets in short form, evaluated on request",
    },
    {"name": "webhook", "description": "Tickets of the internal helpdesk"},
    {
        "name": "runs",
        "description": "Results, checkpoints and live events of runs; forks of them",
    },
    {"name": "approvals", "description": "Questions to a person, and the answers"},
    {
        "name": "dead letters",
        "description": "Runs that failed at every attempt, and retrying them",
    },
    {
        "name": "effects",
        "description": "What the system sends out, and decisions on unclear outcomes",
    },
    {"name": "service", "description": "What the service is, and whether it works"},
]


def create_app(
    settings: Settings, *, working: bool = True, migrating: bool = True
) -> FastAPI:
    """The app on one database, opened with the app and closed with it.

    Where not `working`, runs are left to other processes; where not `migrating`, a database
    that is behind is refused.
    """

    @asynccontextmanager
    async def app_lifespan(served: FastAPI) -> AsyncIterator[None]:
        metrics = Metrics()
        opening = open_app(settings, metrics, working=working, migrating=migrating)
        async with opening as app:
            with metrics.export_model_states(
                lambda: app.model_state, settings.metrics_port, settings.host
            ):
                served.state.ticketgraph = app
                served.state.recent_calls = metrics.recent_calls
                served.state.delivers_effects = (
                    settings.delivery_webhook_url is not None
                )
                served.state.longest_wait = settings.max_workflow_timeout_seconds
                served.state.metrics = (
                    metrics if settings.prometheus_metrics_enabled else None
                )
                yield

    app = FastAPI(
        title="TicketGraph",
        version=version("ticketgraph"),
        summary="Support tickets through a durable graph.",
        lifespan=app_lifespan,
        openapi_tags=TAGS,
        generate_unique_id_function=operation_id_of,
        docs_url=None,
        redoc_url=None,
    )
    for module in (
        workflow,
        tickets,
        short_tickets,
        webhook,
        runs,
        approvals,
        dead_letters,
        effects,
        health,
        service,
    ):
        app.include_router(module.routes)
    handle_problems(app)
    document_problems(app)
    app.add_middleware(RequestGuard)
    return app


def operation_id_of(route: APIRoute) -> str:
    """The endpoint function's name: short, unique, and stable when an address changes."""
    return route.name
