"""What the log writes of a record, ours or a library's, in JSON and in a terminal."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.contextvars import bound_contextvars

from contracts.log import describe_error, log
from server.process.log_output import configure_log

TEXT = "Marmaduke's card 4111 1111 1111 1111"


class Stream(io.StringIO):
    """Where the log goes; perhaps a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def restored() -> Iterator[None]:
    """The root logger as pytest has it, afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def lines(restored: None) -> Stream:
    stream = Stream(terminal=False)
    configure_log("debug", stream)
    return stream


@pytest.fixture
def terminal(restored: None) -> Stream:
    stream = Stream(terminal=True)
    configure_log("debug", stream)
    return stream


def failing() -> Exception:
    try:
        raise ValueError(TEXT)
    except ValueError as error:
        return error


def test_an_event_is_one_json_line_with_its_fields_and_those_of_its_context(
    lines: Stream,
) -> None:
    with bound_contextvars(request_id="r-1"):
        log.info("run finished", run_id="abc", duration_ms=3.5, degraded=False)
    (record,) = lines.records
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "event": "run finished",
        "level": "info",
        "request_id": "r-1",
        "run_id": "abc",
        "duration_ms": 3.5,
        "degraded": False,
    }


def test_in_a_terminal_lines_have_colours(terminal: Stream) -> None:
    log.warning("model call failed", step="classify")
    assert terminal.getvalue().count("\n") == 1
    assert "\x1b[" in terminal.getvalue()
    assert "model call failed" in terminal.getvalue()


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_less_than_the_level_is_not_written(level: str, restored: None) -> None:
    stream = Stream(terminal=False)
    configure_log(level, stream)
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
    names = ["debug", "info", "warning", "error"]
    assert [record["event"] for record in stream.records] == names[names.index(level) :]


FORGED = "a\nINFO forged\r\x1b[2J\x9b1m\u202etxt\u2028\x00\ud83d"


def test_a_field_forges_no_line_and_addresses_no_terminal(
    lines: Stream,
) -> None:
    log.info("request answered", path=FORGED, names=[FORGED], more={FORGED: FORGED})
    (line,) = lines.getvalue().splitlines()
    assert line.isascii()
    assert line.isprintable()


def test_nor_in_a_terminal(terminal: Stream) -> None:
    log.info("request answered", path=FORGED)
    (line,) = terminal.getvalue().splitlines()
    assert "\x1b[2J" not in line
    assert not {"\r", "\x9b", "\u202e", "\u2028", "\x00", "\ud83d"} & set(line)


def test_an_exception_is_its_type_and_frames(lines: Stream) -> None:
    log.error("run failed", **describe_error(failing()))
    logging.getLogger("some.library").error("It broke: %s", TEXT, exc_info=failing())
    ours, theirs = lines.records
    for record in (ours, theirs):
        assert record["error"] == "ValueError"
        assert record["frames"][-1].endswith(" failing")
    assert "Marmaduke" not in lines.getvalue()


def test_of_a_library_the_fixed_part_of_its_message_is_written(lines: Stream) -> None:
    logging.getLogger("some.library").warning("Slow statement: %s", TEXT)
    message = f"Task exception was never retrieved\n{TEXT}"
    logging.getLogger("asyncio").error(message)
    logging.getLogger("sqlalchemy.engine").info(TEXT)
    assert [(r["event"], r["logger"]) for r in lines.records] == [
        ("Slow statement: %s", "some.library"),
        ("Task exception was never retrieved", "asyncio"),
    ]


def test_without_the_server_records_are_python_s_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "ticketgraph"):
        log.info("run finished", run_id="abc")
    (record,) = caplog.records
    assert record.getMessage() == "run finished"
    assert record.__dict__["run_id"] == "abc"
