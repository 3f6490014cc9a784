"""Calls an engine once: its answer, or a problem that an edge can act on."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from contracts.errors import EngineError
from contracts.step import Problem

T = TypeVar("T")


async def call_engine(step: str, call: Awaitable[T], seconds: float) -> T | Problem:
    """Await an engine for at most `seconds`.

    Anything but an answer becomes a Problem without ticket text.
    """
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        return Problem(
            step=step, kind="timeout", detail=f"No answer within {seconds:g} s."
        )
    except EngineError as error:
        return Problem(
            step=step, kind=type(error).__name__, detail=error.detail, usage=error.usage
        )
