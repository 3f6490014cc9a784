"""The service itself: what it is, whether it is well, and how to use it."""

from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse

from contracts.errors import NotFoundError
from engines.models.records import ModelState
from server.api.dependencies import App, json_response
from server.metrics import Metrics

routes = APIRouter(tags=["service"])
OUR_ASSETS = Path(__file__).parent.parent / "docs"
SWAGGER_FOLDER = files("fastapi_offline") / "static"
ASSETS = {
    "docs.js": OUR_ASSETS / "docs.js",
    "swagger-ui-bundle.js": SWAGGER_FOLDER / "swagger-ui-bundle.js",
    "swagger-ui.css": SWAGGER_FOLDER / "swagger-ui.css",
}


class Welcome(BaseModel):
    """What this is, and where to go on."""

    name: str = "TicketGraph"
    version: str
    docs: str = "/docs"
    health: str = "/health"
    process: str = "/api/v1/workflow/process"


class Health(BaseModel):
    """Whether the service is well. `ai_enabled` is true when a model API is configured."""

    status: str
    timestamp: datetime
    version: str
    ai_enabled: bool
    dependencies: dict[str, str]


@routes.get("/", response_model=Welcome)
async def welcome(request: Request) -> Response:
    """JSON for clients, a page for browsers."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse((OUR_ASSETS / "welcome.html").read_text(encoding="utf-8"))
    return json_response(Welcome(version=version("ticketgraph")))


@routes.get(
    "/health",
    response_model=Health,
    responses={503: {"model": Health, "description": "Not well"}},
)
async def health(app: App) -> Response:
    """200 when tickets can be taken, 503 when they cannot."""
    database = await app.check_database()
    well = database == "ok"
    models = app.model_state
    shown = Health(
        status="ok" if well else "degraded",
        timestamp=datetime.now(UTC),
        version=version("ticketgraph"),
        ai_enabled=models is not None,
        dependencies={
            "database": database,
            "local_engine": "ok",
            **circuit_states(models),
        },
    )
    return json_response(shown, 200 if well else 503)


def circuit_states(models: ModelState | None) -> dict[str, str]:
    """How the models are. One that rests does not make the service unwell.

    The local engine does its work.
    """
    if models is None:
        return {"model": "not configured"}
    says = {
        "closed": "ok",
        "half_open": "being tried again",
        "open": "resting after failures",
    }
    named = {
        f"circuit {name}": state
        for name, state in {**models.provider_circuits, **models.circuits}.items()
    }
    state = models.circuits.get(models.primary, "closed")
    return {"model": f"{models.primary}: {says[state]}", **named}


@routes.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={404: {"description": "Metrics are turned off"}},
)
async def metrics(request: Request) -> Response:
    """Numbers in Prometheus's text format."""
    numbers: Metrics | None = request.app.state.metrics
    if numbers is None:
        raise NotFoundError(
            "Metrics are turned off: set PROMETHEUS_METRICS_ENABLED=true to have them."
        )
    return Response(
        numbers.render_page(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


@routes.get("/docs", include_in_schema=False)
async def docs() -> Response:
    """The API's pages.

    Their scripts come from an installed package, so that they work without a network.
    """
    return HTMLResponse((OUR_ASSETS / "docs.html").read_text(encoding="utf-8"))


@routes.get("/docs/{name}", include_in_schema=False)
async def docs_asset(name: str) -> Response:
    """A file of the API's pages."""
    return (
        FileResponse(str(ASSETS[name])) if name in ASSETS else Response(status_code=404)
    )
