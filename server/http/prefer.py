"""The header `Prefer` (RFC 7240): how long a caller wants to wait.

What else it says is ignored, as it may be.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

MAX_WAIT_SECONDS = 86_400
"""A longer wait means no more than this one."""


@dataclass(frozen=True)
class Preference:
    """`wait` in whole seconds, None when it is not said.

    `respond_async` where no wait is wanted beyond that.
    """

    wait: int | None = None
    respond_async: bool = False

    def wait_seconds(self, longest: float) -> float:
        """How long to wait, when no request waits longer than `longest`."""
        if self.wait is None:
            return 0.0 if self.respond_async else longest
        return min(float(self.wait), longest)

    def applied_header(self, *, finished: bool) -> dict[str, str]:
        """The header that says which preferences were followed."""
        followed = [f"wait={self.wait}"] if self.wait is not None else []
        followed += ["respond-async"] if self.respond_async and not finished else []
        return {"Preference-Applied": ", ".join(followed)} if followed else {}


def parse_preferences(values: Sequence[str]) -> Preference:
    """What the headers say. Of a preference that is named twice, the first counts."""
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
    prefer: Annotated[
        list[str] | None,
        Header(
            description="`wait=N`: at most so many seconds; `respond-async`: not at all"
        ),
    ] = None,
) -> Preference:
    """What the caller prefers."""
    return parse_preferences(prefer or ())


Preferred = Annotated[Preference, Depends(read_preference)]
