"""A bound on work, for code whose work has to grow with the length of its input alone."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

LONGEST = 200_000
"""Characters of the longest ticket there can be."""

CPU_SECONDS = 10.0
"""Linear work on the longest input takes a fraction of a second; quadratic work takes minutes."""


@contextmanager
def bounded_work(cpu_seconds: float = CPU_SECONDS) -> Iterator[None]:
    """Stop the block with an AssertionError once it has used this much processor time.

    Processor time, because other processes do not lengthen it. Works in the main thread.
    """

    def stop(*_: object) -> NoReturn:
        raise AssertionError(
            f"more than {cpu_seconds} seconds of processor time: the work is not linear"
        )

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
