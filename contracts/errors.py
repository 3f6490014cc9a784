"""The tree of errors.

TicketGraphError
├── InputError (422)          the request cannot be processed
├── NotFoundError (404)       no such ticket, run, approval or effect
├── ConflictError (409)       somebody else was first, or it has changed since
│   ├── ReusedError           an Idempotency-Key or source id of another request
│   └── ChangedError          what is shown now is not what was decided on
├── GoneError (410)           deleted on purpose
├── DeskError (500)           a desk's policy files are wrong; names file and line
├── EngineError (502)         an engine could not do its step
└── UnavailableError (503)    try again later

Each class's docstring is its title; the message says what the user can do. Neither ever
holds ticket text.
"""

from http import HTTPStatus
from typing import ClassVar

from contracts.usage import Usage


class TicketGraphError(Exception):
    """Something went wrong."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail

    @property
    def title(self) -> str:
        """The class's first docstring line: the same for every occurrence."""
        return (type(self).__doc__ or "").strip().splitlines()[0]


class InputError(TicketGraphError):
    """The request cannot be processed."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class NotFoundError(TicketGraphError):
    """There is no such thing here."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(TicketGraphError):
    """This was decided or changed by somebody else."""

    status = HTTPStatus.CONFLICT


class ReusedError(ConflictError):
    """This key stands for another request."""


class GoneError(TicketGraphError):
    """This is not kept any more."""

    status = HTTPStatus.GONE


class ChangedError(ConflictError):
    """What is shown now is not what was decided on."""


class DeskError(TicketGraphError):
    """A desk's policy files are not valid."""


class EngineError(TicketGraphError):
    """An engine could not do its step."""

    status = HTTPStatus.BAD_GATEWAY

    def __init__(self, detail: str = "", usage: Usage | None = None) -> None:
        super().__init__(detail)
        self.usage = usage or Usage()


class UnavailableError(TicketGraphError):
    """The service cannot do this right now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
