"""The graph of LangGraph Studio, as a notebook imports it."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
PROGRAM = """
import asyncio

async def import_in_running_loop():
    from ticketgraph import studio
    return type(studio.GRAPH).__name__

print(asyncio.run(import_in_running_loop()))
"""


def test_it_can_be_imported_inside_a_running_event_loop() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "StudioGraph\n"), done.stderr
