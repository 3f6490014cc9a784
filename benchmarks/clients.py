"""Clients as they should be.

A key with every ticket, and once more when there is no answer, or it is 503.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

import httpx

from benchmarks.books import Told
from benchmarks.corpus import tickets

CRITICAL = " Our production system is down for all users since this morning and we are losing data."
CRITICAL_EVERY = 4
MOST_TICKETS = 50_000
GONE_SECONDS = 0.2
"""Until somebody is tried again who did not answer at all."""

PATIENCE = 60.0
APPROVERS = ("ada", "grace")


@dataclass
class Clients:
    """Several clients of several addresses, which all give the same answers.

    Use as `async with`.
    """

    urls: Sequence[str]
    seed: int = 7
    told: Told = field(default_factory=Told)
    statuses: Counter[int] = field(default_factory=Counter)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def __post_init__(self) -> None:
        self.source: Iterator[dict[str, str]] = tickets(MOST_TICKETS, self.seed)
        self.numbers = count()
        self.turns = count()
        self.turns_at = count()

    async def __aenter__(self) -> Self:
        limits = httpx.Limits(max_connections=200)
        self.http = httpx.AsyncClient(
            timeout=httpx.Timeout(PATIENCE, pool=None), limits=limits
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def post(self, path: str | None = None, critical: bool | None = None) -> str:
        """Post one new ticket until it is acknowledged.

        Every second waits for its run, every fourth is critical.

        Returns the ticket's id.
        """
        number, ticket = next(self.numbers), next(self.source)
        key = f"load-{self.seed}-{number}"
        bad = number % CRITICAL_EVERY == 0 if critical is None else critical
        path = path or ("/api/v1/tickets" if number % 2 else "/api/v1/workflow/process")
        body = ticket["body"][:1800] + (CRITICAL if bad else "")
        sent = {
            "subject": ticket["subject"],
            "body": body,
            "customer_email": ticket["email"],
        }
        answer = await self.ask(
            "POST", path, json=sent, headers={"Idempotency-Key": key}
        )
        if not answer.is_success:
            self.told.unexpected.append(
                f"{answer.status_code} to a ticket: {answer.text[:200]}"
            )
            return ""
        async with self.heard:
            self.told.tickets[key] = answer.json()["ticket_id"]
            self.heard.notify_all()
        return self.told.tickets[key]

    async def keep_posting(self, most: int) -> None:
        """One client: ticket after ticket, until all clients have posted so many."""
        while next(self.turns) < most:
            await self.post()

    async def reaches(self, acknowledged: int) -> None:
        """Until so many tickets were acknowledged in all."""
        async with self.heard:
            await self.heard.wait_for(lambda: len(self.told.tickets) >= acknowledged)

    async def keep_approving(self) -> None:
        """Approve whatever waits, for ever, each by two approvers at the same moment."""
        while True:
            waiting = [
                item for item in await self.waiting() if item not in self.told.decisions
            ]
            await asyncio.gather(
                *(
                    self.race(item, dict.fromkeys(APPROVERS, "approve"))
                    for item in waiting
                )
            )
            if not waiting:
                await asyncio.sleep(0.3)  # between two looks of a person

    async def waiting(self, most: int = 50) -> list[str]:
        """The approvals that wait, the longest waiting first."""
        answer = await self.ask("GET", "/api/v1/approvals", params={"limit": most})
        return (
            [item["id"] for item in answer.json()["items"]] if answer.is_success else []
        )

    async def race(self, approval: str, decisions: Mapping[str, str]) -> None:
        """All of them decide at once, each at an address of its own, and note what they are
        told.
        """
        rivals = enumerate(decisions.items())
        self.told.decisions[approval] = list(
            await asyncio.gather(
                *(self.decide(approval, who, what, at) for at, (who, what) in rivals)
            )
        )

    async def decide(
        self, approval: str, who: str, what: str, at: int
    ) -> tuple[str, int, str]:
        """One of them: who, the status of the answer, and its detail if it is no."""
        path = f"/api/v1/approvals/{approval}/decision"
        answer = await self.ask(
            "POST", path, at, json={"type": what, "decided_by": who}
        )
        return (
            who,
            answer.status_code,
            "" if answer.is_success else str(answer.json().get("detail")),
        )

    async def ask(
        self, method: str, path: str, at: int | None = None, **sent: Any
    ) -> httpx.Response:
        """The answer to a request, however often it has to be sent.

        `at` is the address that is tried first.
        """
        place = next(self.turns_at) if at is None else at
        while True:
            try:
                answer = await self.http.request(
                    method, self.urls[place % len(self.urls)] + path, **sent
                )
            except httpx.TransportError:
                place += 1
                await asyncio.sleep(GONE_SECONDS)
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code >= 500 and answer.status_code != 503:
                self.told.unexpected.append(
                    f"{answer.status_code} to {method} {path}: {answer.text[:200]}"
                )
            if answer.status_code < 500:
                return answer
            if "retry-after" not in answer.headers:
                self.told.unexpected.append(
                    f"{answer.status_code} to {method} {path} without Retry-After"
                )
            place += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
