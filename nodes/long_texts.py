"""Runs work on long texts in a thread, so that it does not block the event loop."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

LONG_TEXT = 8_000
"""Characters from which a thread costs less than blocking the loop."""


async def run_by_size(
    size: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run pure `work` on a text of `size` characters: in a thread when the text is long."""
    if size < LONG_TEXT:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
