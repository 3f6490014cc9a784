"""The commands that need no data folder, as processes: the desks, the graph, the help."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

import policies
from server.cli import app

ROOT = Path(policies.__file__).parent.parent
SHIPPED = Path(policies.__file__).parent / "desks"
COMMANDS = (
    *(
        "process",
        "approvals",
        "decide",
        "show",
        "history",
        "fork",
        "import",
        "eval",
        "graph",
        "serve",
    ),
    *("desk list", "desk check"),
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one desk."""
    folder = tmp_path_factory.mktemp("desks")
    shutil.copytree(SHIPPED / "customer_support", folder / "customer_support")
    return folder


@pytest.fixture(scope="module")
def cli(desks: Path) -> Run:
    """Runs a command on that folder to its end."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *map(str, arguments)],
            env=os.environ | {"DESKS_DIR": str(desks)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_the_graph_is_drawn(cli: Run) -> None:
    done = cli("graph")
    assert done.returncode == 0
    assert "escalate" in done.stdout
    assert "deliver" in done.stdout


def spoiled(text: str) -> str:
    return text.replace("fallback_category: general", "fallback_category: elsewhere")


def suspicious(text: str) -> str:
    rule = "\n  - id: idle\n    when: {}\n    grant: escalate\n    reason: Never matters.\n"
    return text.rstrip("\n") + rule


@pytest.mark.parametrize(
    ("file", "spoil", "code", "said"),
    [
        ("desk.yaml", spoiled, 1, ["error: broken/desk.yaml:", "elsewhere"]),
        (
            "disposition.yaml",
            suspicious,
            0,
            ["warning: broken/disposition.yaml: unreachable: idle"],
        ),
    ],
)
def test_desk_check_tells_errors_from_warnings(
    cli: Run,
    tmp_path: Path,
    file: str,
    spoil: Callable[[str], str],
    code: int,
    said: Sequence[str],
) -> None:
    folder = shutil.copytree(SHIPPED / "customer_support", tmp_path / "broken")
    path = folder / file
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    done = cli("desk", "check", folder)
    assert done.returncode == code, done.stdout
    for part in said:
        assert part in done.stdout


def test_an_unknown_desk_is_one_sentence(cli: Run) -> None:
    done = cli("desk", "check", "absent")
    assert done.returncode == 2
    assert (
        done.stderr
        == "Error: There is no desk and no folder 'absent'. The desks are: customer_support.\n"
    )


def test_the_desks_are_listed(cli: Run) -> None:
    done = cli("desk", "list")
    assert done.returncode == 0
    assert "customer_support  Customer support" in done.stdout


def test_the_command_line_starts_without_the_engine() -> None:
    code = (
        "import sys, server.cli; print(sorted({'numpy', 'onnxruntime', 'langgraph', "
        "'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    """In one process: a help text is the same whoever asks for it."""
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert f"Example: ticketgraph {command}" in " ".join(done.output.split())
