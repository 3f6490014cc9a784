"""The command line as its users meet it.

Real processes on one data folder, in the order of a working day.
"""

import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import policies

ROOT = Path(policies.__file__).parent.parent
SHIPPED = Path(policies.__file__).parent / "desks"
HOSTILE = "\x1b]0;owned\x07\x1b[31mred"
LOGIN = {
    "subject": "Cannot log in",
    "body": "I forgot my password. How do I reset it?",
    "customer_email": "ada@example.com",
}
OUTAGE = {
    "subject": f"Everything is down {HOSTILE}",
    "body": (
        "Your production system is down for all of our users since 9:00 and we are losing "
        "data every minute."
    ),
    "customer_email": "ops@example.com",
    "plan": "gold",
}
KETTLE = {
    "subject": "Kettle hums in two tones",
    "body": "My Brewmaster kettle hums in two tones while it descales. Is that a fault?",
    "resolution": (
        "Turn the brass ring below the lid a quarter turn to the left; the humming "
        "stops."
    ),
    "category": "technical",
    "customer_email": "kim@example.com",
}


@dataclass(frozen=True)
class Cli:
    """Runs `ticketgraph` on a data folder with one desk."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the process is told besides its arguments."""
        folders = {
            "DATA_DIR": str(self.folder / "data"),
            "DESKS_DIR": str(self.folder / "desks"),
        }
        return os.environ | folders | {"PYTHONPATH": str(ROOT)}

    def command(self, *arguments: str | Path) -> list[str]:
        """The process's whole command line."""
        return [sys.executable, "-m", "server.cli", *map(str, arguments)]

    def __call__(
        self, *arguments: str | Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*arguments),
            input=stdin,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def file(self, name: str, text: str) -> Path:
        """A file to be read."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def json_lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    folder = tmp_path_factory.mktemp("cli")
    shutil.copytree(SHIPPED / "customer_support", folder / "desks" / "customer_support")
    return Cli(folder)


@pytest.fixture(scope="module")
def processed(cli: Cli) -> subprocess.CompletedProcess[str]:
    """The first command on the folder: a list with a bad row between two good ones."""
    rows = [
        json.dumps(LOGIN),
        '{"customer_email": "nobody@example.com"}',
        json.dumps(OUTAGE),
    ]
    return cli(
        "process",
        cli.file("tickets.json", "[\n" + ",\n".join(rows) + "\n]"),
        "--json",
        "--tone",
        "formal",
    )


@pytest.fixture(scope="module")
def waiting(processed: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The run of the ticket that a person has to look at."""
    return next(
        run for run in json_lines(processed.stdout) if run["status"] == "waiting"
    )


@pytest.fixture(scope="module")
def approved(cli: Cli, waiting: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return cli(
        "decide", waiting["approval"]["id"], "approve", "--by", "grace", "--json"
    )


def test_a_bad_row_is_named_and_the_others_go_on(
    processed: subprocess.CompletedProcess[str],
) -> None:
    assert processed.returncode == 1
    assert "tickets.json:3: it has neither a subject nor a body" in processed.stderr
    login, outage = json_lines(processed.stdout)
    assert login["classification"]["category"] == "account"
    assert login["response_draft"]["tone"] == "formal"
    assert (outage["disposition"], outage["status"]) == ("escalate", "waiting")


def test_csv_gives_a_plain_table_in_a_pipe(cli: Cli) -> None:
    path = cli.folder / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["Subject", "Body", "Customer Email", "Plan"])
        writer.writeheader()
        writer.writerow(
            {
                "Subject": "Refund",
                "Body": "Charged twice,\nplease refund.",
                "Plan": "gold",
            }
        )
        file.write("one,cell,too,many,here\n")
    done = cli("process", path, "--sequential")
    assert done.returncode == 1
    assert "tickets.csv:4: 5 cells under 4 columns" in done.stderr
    assert "1 processed" in done.stderr
    header, row = done.stdout.splitlines()
    assert header.split() == [
        "ticket",
        "category",
        "severity",
        "disposition",
        "team",
        "engine",
        "ms",
    ]
    assert row.split()[1] == "billing"
    assert "\x1b" not in done.stdout + done.stderr


def test_json_lines_come_from_stdin_and_keep_the_order(cli: Cli) -> None:
    lines = [
        json.dumps({"body": f"Please send me the invoice of month {month}."})
        for month in range(6)
    ]
    done = cli(
        "process",
        "-",
        "--format",
        "jsonl",
        "--json",
        stdin="\n".join([*lines[:3], "{broken", *lines[3:]]),
    )
    assert done.returncode == 1
    assert "-:4: this line is not JSON" in done.stderr
    assert len(json_lines(done.stdout)) == len(lines)


def test_bare_text_is_a_body(cli: Cli) -> None:
    done = cli(
        "process",
        "-",
        "--format",
        "text",
        "--json",
        stdin="Where is my order ORD-12345?\n",
    )
    assert done.returncode == 0
    (run,) = json_lines(done.stdout)
    assert "ORD-12345" in json.dumps(run["extracted_fields"])


def test_what_waits_is_listed(cli: Cli, waiting: dict[str, Any]) -> None:
    done = cli("approvals", "--json")
    assert [row["id"] for row in json_lines(done.stdout)] == [waiting["approval"]["id"]]


def test_the_first_decision_counts(
    cli: Cli, waiting: dict[str, Any], approved: subprocess.CompletedProcess[str]
) -> None:
    assert json.loads(approved.stdout)["status"] == "finished"
    second = cli("decide", waiting["approval"]["id"], "reject")
    assert second.returncode == 2
    assert "grace already decided this" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.usefixtures("approved")
def test_a_decided_run_is_shown_without_the_customers_control_characters(
    cli: Cli, waiting: dict[str, Any]
) -> None:
    done = cli("show", waiting["ticket_id"])
    assert done.returncode == 0
    assert "Everything is down" in done.stdout
    assert "reply to ops@example.com" in done.stdout
    assert not set("\x1b\x07") & set(done.stdout)


def test_history_leads_to_a_fork_without_effects(
    cli: Cli, waiting: dict[str, Any]
) -> None:
    history = json_lines(cli("history", waiting["run_id"], "--json").stdout)
    before_draft = next(point for point in history if point["next"] == ["draft"])
    done = cli(
        "fork",
        waiting["run_id"],
        "--checkpoint",
        before_draft["checkpoint_id"],
        "--tone",
        "friendly",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    forked = json.loads(done.stdout)
    assert forked["forked_from"] == waiting["run_id"]
    assert forked["response_draft"]["tone"] == "friendly"


def test_an_imported_solution_is_a_source_of_the_next_draft(cli: Cli) -> None:
    unsolved = {"subject": "Kettle", "body": "It hums."}
    file = cli.file(
        "solved.jsonl", "\n".join(json.dumps(row) for row in (KETTLE, unsolved, KETTLE))
    )
    first = cli("import", file, "--resolved", "--desk", "customer_support")
    assert first.returncode == 1
    assert "solved.jsonl:2: it has no solution" in first.stderr
    assert first.stdout == "1 imported, 1 known already, 1 refused.\n"
    assert cli(
        "import", file, "--resolved", "--desk", "customer_support"
    ).stdout.startswith("0 imported, 2 known")
    asked = {
        "subject": "Humming kettle",
        "body": "The kettle hums in two tones while it descales, is that a fault?",
    }
    done = cli("process", "-", "--json", stdin=json.dumps(asked))
    run = json.loads(done.stdout)
    assert any(
        similar["subject"] == KETTLE["subject"] for similar in run["similar_tickets"]
    )
    assert "brass ring" in run["response_draft"]["content"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["process", "absent.json"], "absent.json: No such file"),
        (["process", "tickets.docx"], "Name it with --format"),
        (["decide", "absent", "approve"], "no approval with this id"),
        (["decide", "absent", "edit"], "To edit, send the reply"),
        (["import", "absent.csv", "--desk", "customer_support"], "say --resolved"),
        (["show", "TKT-00000000"], "no ticket with this id"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    cli: Cli, arguments: Sequence[str], said: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_folder_in_use_is_refused_at_once(cli: Cli) -> None:
    (cli.folder / "data").mkdir(exist_ok=True)
    with (cli.folder / "data" / "ticketgraph.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = cli("approvals")
    assert done.returncode == 2
    assert "Another ticketgraph uses the data folder" in done.stderr


def interrupt_until_it_ends(process: subprocess.Popen[str]) -> str:
    """What it wrote to stderr. Python drops an interrupt that comes during an object's clean-up."""
    for _ in range(60):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=5)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    pytest.fail("the command does not end")


def test_interrupting_ends_with_130(cli: Cli) -> None:
    pipe = cli.folder / "endless.json"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        cli.command("process", pipe),
        env=cli.environment,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that a shell runs in the background inherit an ignored SIGINT.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    with pipe.open("w"):  # opens when the command does: from here on it reads
        said = interrupt_until_it_ends(process)
    assert process.returncode == 130
    assert "Traceback" not in said
