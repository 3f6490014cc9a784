"""`ticketgraph serve`: the HTTP service."""

from typing import Annotated

import typer

from server.cli.opening import DataDir, settings_with


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; HOST if not given.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; PORT if not given.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the HTTP API and the pages until stopped.

    Example: ticketgraph serve --host 127.0.0.1 --port 8000
    """
    from server.serve import serve as serve_until_stopped

    serve_until_stopped(settings_with(host=host, port=port, data_dir=data_dir))
