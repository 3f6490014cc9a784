"""Who is served first."""

from datetime import timedelta

import pytest

from contracts.values import Severity
from policies.deciding.queue_order import queue_priority
from ticketgraph.jobs import deliver_job


@pytest.mark.parametrize("severity", [None, "low", "medium", "high", "critical"])
def test_what_was_decided_goes_out_before_more_is_begun(
    severity: Severity | None,
) -> None:
    assert deliver_job("key").priority > queue_priority(severity)


def test_unless_that_is_critical_and_nearly_due() -> None:
    assert deliver_job("key").priority < queue_priority("critical", left=timedelta(0))
