"""The header `Prefer` (RFC 7240): how long a caller wants to wait for a run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

MAX_WAIT_SECONDS = 86_400
"""A longer wait is cut to this one."""


@dataclass(frozen=True)
class Preference:
    """`wait` in whole seconds, None when not given; `respond_async`: do not wait longer."""

    wait: int | None = None
    respond_async: bool = False

    def wait_seconds(self, longest: float) -> float:
        """How long to wait, when no request waits longer than `longest`."""
        if self.wait is None:
            return 0.0 if self.respond_async else longest
        return min(float(self.wait), longest)

    def applied_header(self, *, finished: bool) -> dict[str, str]:
        """The header that names the preferences that were followed."""
        followed = [f"wait={self.wait}"] if self.wait is not None else []
        followed += ["respond-async"] if self.respond_async and not finished else []
        return {"Preference-Applied": ", ".join(followed)} if followed else {}


def parse_preferences(values: Sequence[str]) -> Preference:
    """The preferences in the headers; of one that is given twice, the first counts."""
    named: dict[str, str] = {}
    for part in ",".join(values).split(","):
        name, _, value = part.partition(";")[0].partition("=")
        named.setdefault(name.strip().lower(), value.strip().strip('"'))
    seconds = named.get("wait", "")
    wait = (
        min(int(seconds), MAX_WAIT_SECONDS)
        if re.fullmatch("[0-9]{1,9}", seconds)
        else None
    )
    return Preference(wait, "respond-async" in named)


async def read_preference(
    request: Request,
    prefer: Annotated[
        str | None,
        Header(
            description=(
                "RFC 7240: `wait=N` waits at most N seconds for the result; "
                "`respond-async` does not wait. Anything else is ignored."
            )
        ),
    ] = None,
) -> Preference:
    """What the caller prefers.

    `prefer` documents the header as one string, which every client generator understands; a
    caller may send the header several times, so it is read from the request.
    """
    return parse_preferences(request.headers.getlist("prefer") if prefer else ())


Preferred = Annotated[Preference, Depends(read_preference)]
