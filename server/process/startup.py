"""What every long-lived process does first.

Its environment, its log, and a look at what would stop it later.
"""

import asyncio
import gc
import os
import sys

from engines.models.prices import SHIPPED_PRICES_FILE, load_prices
from engines.models.providers import resolve_models
from server.process.log_output import configure_log
from server.settings import Settings

SWITCH_INTERVAL_SECONDS = 0.0005
"""How long one thread may keep the others from Python.

Those of the embedding and the database wait for it after each call; with Python's own 0.005
a process does some 5 % fewer tickets.
"""


def prepare_process(settings: Settings) -> None:
    """Set what LangGraph and NumPy read when they are imported, and the log."""
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    # A second thread gains nothing on one vector by a matrix, and spins between two
    # tickets: 15 ms of CPU for each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    configure_log(settings.log_level)


def tune_interpreter() -> None:
    """Tell the interpreter that the start is over. What is there now stays.

    No collection has to look at it again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)


def check_can_open(settings: Settings, *, migrating: bool) -> None:
    """Raise what opening would raise. Found here, it is a sentence and not a stack trace.

    InputError for model settings that contradict each other or an address that names no
    database; UnavailableError for a database that is held by another process, cannot be
    reached, is behind, or has runs that would be lost.
    """
    load_prices(settings.llm_prices or SHIPPED_PRICES_FILE)
    resolve_models(settings)
    from policies.loading.load import list_desk_ids
    from storage.database.address import database_address_of
    from ticketgraph.assembly import SHIPPED_DESKS
    from ticketgraph.opening import check_usable

    address = database_address_of(settings.database_url, settings.data_dir)
    asyncio.run(
        check_usable(
            address,
            list_desk_ids(settings.desks_dir or SHIPPED_DESKS),
            migrating=migrating,
        )
    )
