"""Work that goes on beside something, as long as that lasts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

BackgroundWork = Callable[[], Coroutine[Any, Any, None]]


@asynccontextmanager
async def run_in_background(work: Sequence[BackgroundWork]) -> AsyncIterator[None]:
    """Begin all of it, and cancel it at the end."""
    tasks = [asyncio.create_task(begin()) for begin in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
