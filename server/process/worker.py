"""A worker: takes jobs from the database until it is told to stop. Serves nothing."""

import asyncio
import signal
import sys

from contracts.log import log
from server.process.startup import check_can_open, prepare_process, tune_interpreter
from server.settings import Settings


def run_worker(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM.

    Then every run stops at its next superstep, and another worker resumes it from there.

    Raises InputError for settings that cannot be used, UnavailableError when the database
    cannot be used.
    """
    prepare_process(settings)
    for sentence in settings.describe_unused():
        log.warning(sentence)
    check_can_open(settings, migrating=False)
    import uvloop

    uvloop.run(run_worker_loop(settings))


async def run_worker_loop(settings: Settings) -> None:
    """Open the database, take jobs until a signal comes, close the database."""
    # LangGraph and NumPy read their environment when they are imported.
    from server.metrics import Metrics
    from server.opening import open_app

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    metrics = Metrics()
    async with open_app(settings, metrics, migrating=False) as app:
        with metrics.export_model_states(
            lambda: app.model_state, settings.metrics_port, settings.host
        ):
            tune_interpreter()
            sys.stdout.write("TicketGraph's worker is ready.\n")
            sys.stdout.flush()
            await stopped.wait()
