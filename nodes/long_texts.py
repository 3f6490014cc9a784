"""Long texts are worked on in a thread, so that one of them does not hold up everybody else."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

LONG_TEXT = 8_000
"""Characters from which the thread's cost is worth it."""


async def run_by_size(
    size: int, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run pure `work` here when the text of `size` characters is short, in a thread when it
    is long.
    """
    if size < LONG_TEXT:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
