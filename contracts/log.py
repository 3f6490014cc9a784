"""The log of every room: `log.info("run finished", run_id=run_id, status="finished")`.

An event is a fixed sentence, and what varies are fields. A field is an id, a name of ours, a
number or the type of an exception: never a ticket's text, a customer's data or the message of
an exception, which may quote them. Records go to Python's `logging` under the name
`ticketgraph`, with the fields as their extra attributes, so that a program that uses the Python
API handles them as it handles its other records. `server.process.log_output` renders them for
the processes of the server.
"""

import logging
import traceback

import structlog

# As libraries do: a program that sets up no logging gets no lines of ours.
logging.getLogger("ticketgraph").addHandler(logging.NullHandler())

log: structlog.stdlib.BoundLogger = structlog.wrap_logger(
    logging.getLogger("ticketgraph"),
    processors=[
        structlog.stdlib.filter_by_level,
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.render_to_log_kwargs,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)
"""Fields bound with `structlog.contextvars` (request id, run id, ticket id) are added to every
record of the same task."""


MAX_FRAMES = 12
"""Frames of an exception that are logged, up to where it was raised."""


def describe_error(error: BaseException) -> dict[str, object]:
    """Fields for an exception: its type and where it was raised, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return {
        "error": type(error).__name__,
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
