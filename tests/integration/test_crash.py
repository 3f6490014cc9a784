"""kill -9 at every node: nothing is lost, and nothing happens twice. At random moments.

Test_chaos.py.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

BEFORE_ROUTE = ["sanitize", "dedup", "classify", "extract", "retrieve", "gate", "draft"]
OUTCOMES = {
    "assign": {
        "ticket": "assigned",
        "run": "finished",
        "steps": [*BEFORE_ROUTE, "route", "deliver"],
        "effects": {"assignment": 1},
        "approvals": {},
        "audit": ["finished"],
    },
    "escalate": {
        "ticket": "waiting",
        "run": "waiting",
        "steps": [*BEFORE_ROUTE, "route"],
        "effects": {},
        "approvals": {"pending": 1},
        "audit": ["waiting"],
    },
    "approve": {
        "ticket": "resolved",
        "run": "finished",
        "steps": [*BEFORE_ROUTE, "route", "escalate", "deliver"],
        "effects": {"assignment": 1, "reply": 1},
        "approvals": {"decided": 1},
        "audit": ["waiting", "approval", "finished"],
    },
    "guide": {
        "ticket": "waiting",
        "run": "waiting",
        "steps": [*BEFORE_ROUTE, "route", "escalate", "draft", "route"],
        "effects": {},
        "approvals": {"decided": 1, "pending": 1},
        "audit": ["waiting", "approval", "waiting"],
    },
}
CHAINS = (
    # The ninth checkpoint of an assigned ticket is deliver's; the tenth event is the
    # outcome's own transaction.
    [
        *(f"assign:saved:{n}" for n in range(11)),
        "assign:put:1",
        *(f"guide:saved:{n}" for n in (0, 1, 3, 4)),
    ],
    # An escalated one has eight; then its interrupt is written (the tenth write), then its outcome.
    [
        *(f"escalate:saved:{n}" for n in range(10)),
        *(f"escalate:written:{n}" for n in (5, 10)),
        *(f"approve:saved:{n}" for n in range(4)),
        "approve:put:1",
        *(f"approve:written:{n}" for n in (1, 2)),
    ],
)


@dataclass(frozen=True)
class Aftermath:
    """A database after a chain of crashes, and the tickets that were in progress at each."""

    tables: sqlite3.Connection
    tickets: dict[str, dict[str, str]]

    def column(self, query: str, key: str) -> list[str]:
        """The first column of a query with one parameter."""
        return [row[0] for row in self.tables.execute(query, (key,))]


@pytest.fixture(scope="module")
def aftermath(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Aftermath]]:
    """All the crashes, both chains side by side; by case."""
    folders = [
        tmp_path_factory.mktemp(f"chain{number}") for number, _ in enumerate(CHAINS)
    ]
    running = [
        started(folder, cases) for folder, cases in zip(folders, CHAINS, strict=True)
    ]
    said = [process.communicate(timeout=150) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    found: dict[str, Aftermath] = {}
    with ExitStack() as opened:
        for folder, (out, _) in zip(folders, said, strict=True):
            tables = opened.enter_context(
                closing(sqlite3.connect(folder / "data" / "ticketgraph.db"))
            )
            tickets = {
                entry["case"]: entry for entry in map(json.loads, out.splitlines())
            }
            found |= dict.fromkeys(tickets, Aftermath(tables, tickets))
        yield found


def one_desk(folder: Path) -> Path:
    """A folder with one desk and none of its articles.

    What has to be opened often has to open fast.
    """
    shipped, made = (
        REPOSITORY / "policies" / "desks" / "customer_support",
        folder / "desks",
    )
    shutil.copytree(
        shipped, made / shipped.name, ignore=shutil.ignore_patterns("articles")
    )
    return made


def started(folder: Path, cases: list[str]) -> "subprocess.Popen[str]":
    """The program on a folder of its own."""
    one_desk(folder)
    (folder / "data").mkdir()
    command = [
        sys.executable,
        str(Path(__file__).parent / "dying.py"),
        str(folder),
        *cases,
    ]
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("case", [case for cases in CHAINS for case in cases])
def test_a_kill_loses_nothing_and_repeats_nothing(
    aftermath: dict[str, Aftermath], case: str
) -> None:
    after, wanted = aftermath[case], OUTCOMES[case.split(":", 1)[0]]
    ticket, run = after.tickets[case]["ticket_id"], after.tickets[case]["run_id"]
    assert after.column("SELECT status FROM tickets WHERE id = ?", ticket) == [
        wanted["ticket"]
    ]
    assert after.column("SELECT status FROM runs WHERE ticket_id = ?", ticket) == [
        wanted["run"]
    ]
    steps = after.column(
        "SELECT step_name FROM steps WHERE run_id = ? ORDER BY position", run
    )
    assert [*steps[:2], *sorted(steps[2:5]), *steps[5:]] == wanted["steps"]
    actions = after.column("SELECT action FROM outbox WHERE ticket_id = ?", ticket)
    keys = after.column("SELECT key FROM outbox WHERE ticket_id = ?", ticket)
    assert (Counter(actions), len(set(keys))) == (wanted["effects"], len(keys))
    assert (
        Counter(after.column("SELECT status FROM approvals WHERE run_id = ?", run))
        == wanted["approvals"]
    )
    assert (
        after.column("SELECT kind FROM audit WHERE run_id = ? ORDER BY sequence", run)
        == wanted["audit"]
    )
