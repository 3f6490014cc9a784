"""Whole tickets through both shipped desks.

What an article answers, and the near misses that it must not answer.
"""

import asyncio
from pathlib import Path

import pytest
import yaml

from evals.labels import LabelledTicket
from evals.runner import open_scratch, run_rows
from ticketgraph.app import TicketGraph

LEAST_ANSWERED = 0.75


def tickets(desk: str, kind: str) -> list[LabelledTicket]:
    """The cases of one desk and kind, each from a customer of its own."""
    cases = yaml.safe_load(
        (Path(__file__).parent / f"{desk}.yaml").read_text(encoding="utf-8")
    )[kind]
    return [
        LabelledTicket(
            id=f"{kind}-{n}",
            desk=desk,
            customer_email=f"customer{n}@{kind}.example",
            **case,
        )
        for n, case in enumerate(cases)
    ]


def answered(rows: list[LabelledTicket]) -> list[str]:
    """The bodies of those that were answered without a person."""

    async def run() -> list[str]:
        async with open_scratch() as assembly:
            outcomes = await run_rows(TicketGraph(assembly), rows)
        return [
            outcome.row.body
            for outcome in outcomes
            if outcome.run.disposition == "auto_resolve"
        ]

    return asyncio.run(run())


@pytest.mark.parametrize("desk", ["customer_support", "internal_helpdesk"])
def test_no_near_miss_is_answered(desk: str) -> None:
    rows = tickets(desk, "unsafe")
    assert len(rows) >= 30
    assert answered(rows) == []


@pytest.mark.parametrize("desk", ["customer_support", "internal_helpdesk"])
def test_most_plain_questions_are_answered(desk: str) -> None:
    rows = tickets(desk, "safe")
    assert len(rows) >= 30
    assert len(answered(rows)) >= LEAST_ANSWERED * len(rows)
