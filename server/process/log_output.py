"""How the server's processes write their log: JSON lines, or coloured lines in a terminal.

Every line has a time (UTC), a level, an event and fields. No line holds a ticket's text or the
message of an exception, at any level: exceptions are reduced to their type and frames, and
records of libraries to the fixed part of their message. Control characters and line breaks are
escaped, so that a name, an id or a path cannot forge a line or address a terminal.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from contracts.log import describe_error

OWN_LOGGERS = ("ticketgraph", "uvicorn.error")
"""Loggers whose messages are known to hold no customer's data."""

NOISY_LOGGERS = (
    "aiosqlite",
    "alembic",
    "asyncio",
    "httpcore",
    "httpx",
    "langchain",
    "langgraph",
    "openai",
    "procrastinate",
    "psycopg",
    "sqlalchemy",
)
"""Libraries that log at debug and info what tickets say."""


def configure_log(level: str, stream: TextIO | None = None) -> None:
    """Send the log to a stream (stderr): coloured lines where it is a terminal, else JSON.

    `level` is debug, info, warning or error.
    """
    output = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(output)
    handler.setFormatter(make_formatter(colours=output.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in NOISY_LOGGERS:
        logging.getLogger(library).setLevel(logging.WARNING)


def make_formatter(*, colours: bool) -> logging.Formatter:
    """Renders a record, ours or a library's, as one line."""
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(
            colors=True, sort_keys=False, exception_formatter=_no_text
        )
        if colours
        else structlog.processors.JSONRenderer(ensure_ascii=True, sort_keys=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(),
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            reduce_library_record,
            reduce_exception,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            escape_controls,
            renderer,
        ],
        keep_exc_info=False,
    )


def reduce_library_record(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Keep of a library's record its logger and the first line of its unformatted message.

    The arguments of the message may be a ticket's: SQL parameters, requests, exceptions.
    """
    record: logging.LogRecord = event["_record"]
    if record.name in OWN_LOGGERS:
        event.pop("color_message", None)  # uvicorn's, for its own formatter
        return {**event, "event": str(event["event"]).rstrip()}
    kept = ("_record", "_from_structlog", "level", "timestamp", "exc_info")
    first_line = str(record.msg).partition("\n")[0]
    return {
        "event": first_line,
        "logger": record.name,
        **{name: event[name] for name in kept if name in event},
    }


def reduce_exception(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Replace an exception by its type and frames: its message may quote a ticket."""
    found: Any = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event.update(describe_error(error))
    return event


def escape_controls(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Escape whatever does not print, in every text of the record."""
    return {name: _escaped(value) for name, value in event.items()}


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], value)
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(name): _escaped(item) for name, item in value.items()}
    return value


_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e"
    "\\u2066-\\u2069\\ufeff\\ud800-\\udfff]"
)


def _no_text(_stream: TextIO, _exc_info: Any) -> None:
    """Nothing: `reduce_exception` has written what may be written of an exception."""
