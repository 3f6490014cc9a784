"""Waiting for what only looking at other processes can tell."""

import asyncio
import time
from collections.abc import Callable


async def until(
    true: Callable[[], object], every: float = 0.05, seconds: float = float("inf")
) -> bool:
    """Look again and again until it is true. Returns False when it is not after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        await asyncio.sleep(every)
    return False
