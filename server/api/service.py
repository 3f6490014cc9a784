"""The service itself: what it is, its metrics and its documentation."""

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse

from contracts.errors import NotFoundError
from server.api.dependencies import json_response
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

    name: str = Field(default="TicketGraph", description="What answers here")
    version: str = Field(description="Its version")
    docs: str = Field(default="/docs", description="Path of the API's documentation")
    health: str = Field(default="/health", description="Path of the health check")
    process: str = Field(
        default="/api/v1/workflow/process", description="Path to send tickets to"
    )


@routes.get("/", response_model=Welcome)
async def get_welcome(request: Request) -> Response:
    """What this service is: JSON for clients, a page for browsers."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse((OUR_ASSETS / "welcome.html").read_text(encoding="utf-8"))
    return json_response(Welcome(version=version("ticketgraph")))


@routes.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={404: {"description": "Metrics are turned off"}},
)
async def get_metrics(request: Request) -> Response:
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
async def show_docs() -> Response:
    """The API's pages.

    Their scripts come from an installed package, so that they work without a network.
    """
    return HTMLResponse((OUR_ASSETS / "docs.html").read_text(encoding="utf-8"))


@routes.get("/docs/{name}", include_in_schema=False)
async def get_docs_asset(name: str) -> Response:
    """A file of the API's pages."""
    return (
        FileResponse(str(ASSETS[name])) if name in ASSETS else Response(status_code=404)
    )
