"""Polling of other processes."""

import asyncio
import time
from collections.abc import Callable


async def wait_until(
    true: Callable[[], object], every: float = 0.05, seconds: float = float("inf")
) -> bool:
    """Poll until the condition is true. Returns False if it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        await asyncio.sleep(every)
    return False
