"""Clients that generators make of /openapi.json: each calls a real server."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import ServerProcess

OPENAPI_PYTHON_CLIENT = """
import sys

from ticket_graph_client import Client
from ticket_graph_client.api.workflow import process_ticket
from ticket_graph_client.models import ProcessIn, RunView, TicketIn

body = ProcessIn(
    ticket=TicketIn(subject="Charged twice", body="ORD-111 was charged twice.")
)
client = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
run = process_ticket.sync(client=client, body=body, prefer="wait=30")
assert isinstance(run, RunView), run
print(run.classification.category, run.workflow_steps[0].step_name)
"""

RUN_OPENAPI_GENERATOR = "from openapi_generator_cli import cli; cli()"

OPENAPI_GENERATOR = """
import sys

from ticketgraph_client import ApiClient, Configuration, ProcessIn, TicketIn
from ticketgraph_client.api import WorkflowApi

body = ProcessIn(
    ticket=TicketIn(
        subject="Charged twice",
        body="ORD-112 was charged twice.",
        customer_email="ada@example.com",
    )
)
with ApiClient(Configuration(host=sys.argv[1])) as client:
    run = WorkflowApi(client).process_ticket(body)
print(run.classification.category, run.workflow_steps[0].step_name)
"""


@pytest.fixture(scope="module")
def document(http: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document as the server gives it, in a file."""
    file = tmp_path_factory.mktemp("document") / "openapi.json"
    file.write_bytes(http.get("/openapi.json").content)
    return file


def run_python(*arguments: str, folder: Path | None = None) -> str:
    """What Python prints, with the modules of a folder at hand; it has to succeed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | ({"PYTHONPATH": str(folder)} if folder else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_openapi_python_client_makes_every_operation(
    server: ServerProcess, document: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []", encoding="utf-8")
    made = tmp_path / "client"
    generate = ("-m", "openapi_python_client", "generate", "--fail-on-warning")
    places = ("--path", str(document), "--output-path", str(made))
    run_python(*generate, *places, "--config", str(config))
    printed = run_python("-c", OPENAPI_PYTHON_CLIENT, server.url, folder=made)
    assert printed.split() == ["billing", "sanitize"]


def test_openapi_generator_makes_a_package_that_imports(
    server: ServerProcess, document: Path, tmp_path: Path
) -> None:
    made = tmp_path / "client"
    generate = ("-c", RUN_OPENAPI_GENERATOR, "generate", "-g", "python")
    places = ("-i", str(document), "-o", str(made))
    run_python(
        *generate, *places, "--additional-properties", "packageName=ticketgraph_client"
    )
    printed = run_python("-c", OPENAPI_GENERATOR, server.url, folder=made)
    assert printed.split() == ["billing", "sanitize"]
