"""`ticketgraph prompts` as a process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import policies
from prompts import ALL_PROMPTS
from prompts.prompt_words import DIVIDER
from server.cli import app

ROOT = Path(policies.__file__).parent.parent
COMMANDS = ("prompts list", "prompts show", "prompts diff")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def cli() -> Run:
    """Runs `ticketgraph prompts …` to its end."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server.cli", "prompts", *arguments]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )

    return run


def test_the_list_names_versions_words_and_nodes(cli: Run) -> None:
    done = cli("list")
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines()[1:]}
    for prompt in ALL_PROMPTS.values():
        row = rows[prompt.id]
        assert row[1:4] == [
            "yes",
            prompt.words.sha256[:12],
            str(len(prompt.words.text)),
        ]
    assert rows["classify@1"][4:] == ["classify"]
    assert rows["repair@1"][4:] == ["classify,", "extract,", "draft"]


@pytest.mark.parametrize("which", ["classify", "classify@1"])
def test_words_are_shown_as_they_stand(cli: Run, which: str) -> None:
    done = cli("show", which)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ALL_PROMPTS["classify"].words.text + "\n"


@pytest.mark.parametrize("name", sorted(ALL_PROMPTS))
def test_a_prompt_is_shown_for_a_desk(cli: Run, name: str) -> None:
    done = cli("show", name, "--desk", "internal_helpdesk")
    assert done.returncode == 0, done.stderr
    system, divider, user = done.stdout.partition(DIVIDER)
    assert divider
    assert "Internal helpdesk" in system
    assert user.count("<ticket>") == user.count("</ticket>") == 1
    assert "$" not in done.stdout


def test_the_same_version_has_no_difference(cli: Run) -> None:
    done = cli("diff", "draft@1", "draft@1")
    assert done.returncode == 0
    assert done.stdout == "draft@1 and draft@1 have the same words.\n"


def test_a_difference_is_a_unified_diff(cli: Run) -> None:
    done = cli("diff", "classify@1", "extract@1")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[:2] == ["--- classify@1", "+++ extract@1"]
    assert "+# Your task: copy details out of the ticket" in lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("show", "absent"),
            "There is no prompt 'absent'. The prompts are: classify, draft, extract, repair.",
        ),
        (
            ("show", "desk"),
            "There is no prompt 'desk'. The prompts are: classify, draft, extract, repair.",
        ),
        (("show", "draft@9"), "There is no draft@9: the only version is draft@1."),
        (("show", "draft@x"), "There is no draft@x: the only version is draft@1."),
        (
            ("diff", "classify@1", "classify@2"),
            "There is no classify@2: the only version is classify@1.",
        ),
        (("diff", "absent@1", "classify@1"), "There is no prompt 'absent'."),
        (
            ("show", "draft", "--desk", "absent"),
            "There is no desk and no folder 'absent'.",
        ),
    ],
)
def test_what_is_not_there_is_one_sentence(
    cli: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"Error: {said}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert f"Example: ticketgraph {command}" in " ".join(done.output.split())
