"""Loaded at the start of every Python process of `make test-calendar`.

libfaketime moves the clock of these processes. Version 0.9.10 refuses the absolute deadline on
the monotonic clock with which Python's `time.sleep` waits ("Invalid argument"). `select` waits
for a duration.
"""

import select
import time


def sleep_by_select(seconds: float) -> None:
    """What `time.sleep` does."""
    select.select((), (), (), seconds)


time.sleep = sleep_by_select
