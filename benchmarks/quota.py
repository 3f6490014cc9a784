"""Limits processes to a fraction of a core each, by the kernel's CPU quota (cgroup v1, root).

So a small machine shows how throughput grows with the number of processes on a larger one.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup/cpu")
PERIOD_US = 20_000
"""Short, so that a process that has used its part waits for milliseconds only."""


@contextmanager
def limit_cpu(cores: float | None, pids: Sequence[int]) -> Iterator[None]:
    """Limit each process to so many cores meanwhile; None sets no limit.

    Raises RuntimeError where there are no such groups.
    """
    if cores is None:
        yield
        return
    if not (GROUPS / "cgroup.procs").exists():
        raise RuntimeError(
            "Quotas take cgroup v1, and a user who may make groups. Leave --worker-cores away."
        )
    groups = [GROUPS / f"ticketgraph-{os.getpid()}-{pid}" for pid in pids]
    for group, pid in zip(groups, pids, strict=True):
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(round(cores * PERIOD_US)))
        (group / "cgroup.procs").write_text(str(pid))
    try:
        yield
    finally:
        for group in groups:
            for pid in (group / "cgroup.procs").read_text().split():
                (GROUPS / "cgroup.procs").write_text(pid)
            group.rmdir()
