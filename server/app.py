"""The FastAPI application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.routing import APIRoute

from server.api import (
    approvals,
    commands,
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
from server.api.tags import TAGS
from server.http.guard import RequestGuard
from server.http.problems import document_problems, handle_problems
from server.metrics import Metrics
from server.opening import open_app
from server.settings import Settings

ENDPOINTS = (
    workflow,
    tickets,
    short_tickets,
    webhook,
    runs,
    approvals,
    commands,
    dead_letters,
    effects,
    health,
    service,
)


def create_app(
    settings: Settings, *, working: bool = True, migrating: bool = True
) -> FastAPI:
    """The app on one database, which is opened at startup and closed at shutdown.

    Unless `working`, other processes advance the runs. Unless `migrating`, startup fails on
    a database whose schema is not up to date.
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
                set_state(served, settings, metrics)
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
    for module in ENDPOINTS:
        app.include_router(module.routes)
    handle_problems(app)
    document_problems(app)
    app.add_middleware(RequestGuard)
    return app


def set_state(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """Give the endpoints what they need of the settings and of the metrics."""
    app.state.recent_calls = metrics.recent_calls
    app.state.delivers_effects = settings.delivery_webhook_url is not None
    app.state.longest_wait = settings.max_workflow_timeout_seconds
    app.state.metrics = metrics if settings.prometheus_metrics_enabled else None


def operation_id_of(route: APIRoute) -> str:
    """The endpoint function's name: short, unique, and stable when an address changes."""
    return route.name
