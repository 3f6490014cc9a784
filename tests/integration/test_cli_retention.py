"""`ticketgraph prune` and `ticketgraph erase`, as an operator types them."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from server.cli import app
from ticketgraph import BlockingTicketGraph

ORDINARY = (
    "Invoice wrong",
    "The invoice for order ORD-7731 lists two licences, but I have only one of them.",
)
ADA = "Ada@example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a ticket of Ada and one of Bob."""
    with BlockingTicketGraph.open(tmp_path) as app:
        for email in (ADA, "bob@example.com"):
            assert app.process(*ORDINARY, customer_email=email).status == "finished"
    return tmp_path


def stored(folder: Path) -> list[str]:
    """The ids of the tickets that are there."""
    with closing(sqlite3.connect(folder / "ticketgraph.db")) as tables:
        return [ticket_id for (ticket_id,) in tables.execute("SELECT id FROM tickets")]


def command(folder: Path, *arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(
        app, [*arguments, "--data-dir", str(folder)], input=answer
    )


def test_prune_says_what_it_did(folder: Path) -> None:
    assert command(folder, "prune").output == "0 runs pruned, 0 tickets erased.\n"
    assert (
        command(folder, "prune", "--now-all", "--compact").output
        == "2 runs pruned, 0 tickets erased.\n"
    )
    assert json.loads(command(folder, "prune", "--json").output) == {
        "runs": 0,
        "tickets": 0,
    }


def test_erase_asks_first_and_then_erases(folder: Path) -> None:
    refused = command(folder, "erase", "--customer", ADA, answer="n\n")
    assert refused.exit_code == 1
    assert "Erase 1 tickets for ever?" in refused.stderr
    assert "Nothing was erased." in refused.stderr
    done = command(
        folder, "erase", "--customer", ADA.lower(), "--yes", "--json", "--by", "grace"
    )
    assert json.loads(done.stdout) == {
        "tickets": 1,
        "runs": 1,
        "approvals": 0,
        "effects": 1,
        "cleaned": 1,
    }
    again = command(folder, "erase", "--customer", ADA, "--yes")
    assert again.exit_code == 2
    assert "There is no ticket of this customer" in again.stderr
    (left,) = stored(folder)
    with BlockingTicketGraph.open(folder) as app:
        assert (
            app.erase(ticket_ids=[left, "TKT-NOWHERE"], decided_by="grace").tickets == 1
        )
        assert app.verify_audit().records == 4


def test_a_ticket_is_erased_by_its_id(folder: Path) -> None:
    first, second = stored(folder)
    done = command(folder, "erase", "--ticket", first, "--ticket", second, answer="y\n")
    assert done.exit_code == 0
    assert "2 tickets and 2 runs erased" in done.stdout


def test_somebody_has_to_be_named(folder: Path) -> None:
    refused = command(folder, "erase", "--yes")
    assert refused.exit_code == 2
    assert "--customer" in refused.stderr
