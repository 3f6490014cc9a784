"""Makes the fixture of the flow version that stands now.

`python -m tests.parked.make`, once before each release.

A ticket of an invented customer is taken in and left waiting for a person. The database of
that moment is kept as `flow-N.db`, and every later version has to go on from it. A file of
a released version is never made again.
"""

import asyncio
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

from graph.build import FLOW_VERSION
from ticketgraph.app import TicketGraph

FOLDER = Path(__file__).parent
SUBJECT = "Everything is down"
BODY = "Your production system is down for all users and we lose data."


async def park(folder: Path) -> None:
    """Leave one run waiting in a data folder. Raises RuntimeError when it does not wait."""
    async with TicketGraph.open(folder) as app:
        run = await app.process(SUBJECT, BODY, customer_email="customer@example.com")
    if run.status != "waiting":
        raise RuntimeError(
            f"The run is {run.status}; the ticket has to be one that a person must see."
        )


def main(to: Path) -> None:
    """Park a run and keep its database as one file.

    Raises FileExistsError rather than replace one.
    """
    if to.exists():
        raise FileExistsError(
            f"{to.name} is there already. Raise FLOW_VERSION, or keep the file."
        )
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(park(Path(folder)))
        with closing(sqlite3.connect(Path(folder) / "ticketgraph.db")) as database:
            database.execute("VACUUM INTO ?", (str(to),))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / f"flow-{FLOW_VERSION}.db")
