"""Well-behaved clients: an Idempotency-Key with every ticket, retries after 503 or silence."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

import httpx

from benchmarks.corpus import tickets
from benchmarks.guarantees import ClientRecord

CRITICAL = " Our production system is down for all users since this morning and we are losing data."
CRITICAL_EVERY = 4
MOST_TICKETS = 50_000
GONE_SECONDS = 0.2
"""Seconds before the next address is tried after a connection failed."""

TIMEOUT_SECONDS = 60.0
APPROVERS = ("ada", "grace")


@dataclass
class Clients:
    """Several clients of several equivalent addresses. Use as `async with`."""

    urls: Sequence[str]
    seed: int = 7
    record: ClientRecord = field(default_factory=ClientRecord)
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
            timeout=httpx.Timeout(TIMEOUT_SECONDS, pool=None), limits=limits
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def post(self, path: str | None = None, critical: bool | None = None) -> str:
        """Post a new ticket until it is acknowledged. Returns its id.

        Every second one waits for its run, every fourth is critical.
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
            self.record.unexpected.append(
                f"{answer.status_code} to a ticket: {answer.text[:200]}"
            )
            return ""
        async with self.heard:
            self.record.tickets[key] = answer.json()["ticket_id"]
            self.heard.notify_all()
        return self.record.tickets[key]

    async def keep_posting(self, most: int) -> None:
        """One client: post ticket after ticket, until all clients together have posted `most`."""
        while next(self.turns) < most:
            await self.post()

    async def wait_for_tickets(self, acknowledged: int) -> None:
        """Wait until so many tickets were acknowledged in all."""
        async with self.heard:
            await self.heard.wait_for(lambda: len(self.record.tickets) >= acknowledged)

    async def keep_approving(self) -> None:
        """Approve pending approvals for ever, each by two approvers at the same moment."""
        while True:
            waiting = [
                item
                for item in await self.waiting()
                if item not in self.record.decisions
            ]
            await asyncio.gather(
                *(
                    self.race(item, dict.fromkeys(APPROVERS, "approve"))
                    for item in waiting
                )
            )
            if not waiting:
                await asyncio.sleep(0.3)  # between two polls

    async def waiting(self, most: int = 50) -> list[str]:
        """Ids of pending approvals, the oldest first."""
        answer = await self.ask("GET", "/api/v1/approvals", params={"limit": most})
        return (
            [item["id"] for item in answer.json()["items"]] if answer.is_success else []
        )

    async def race(self, approval: str, decisions: Mapping[str, str]) -> None:
        """Send all decisions at once, each to another address, and record the answers."""
        rivals = enumerate(decisions.items())
        self.record.decisions[approval] = list(
            await asyncio.gather(
                *(self.decide(approval, who, what, at) for at, (who, what) in rivals)
            )
        )

    async def decide(
        self, approval: str, who: str, what: str, at: int
    ) -> tuple[str, int, str]:
        """Send one decision: who, the answer's status, and its detail if it is an error."""
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
        """The answer to a request, sent until there is one; `at` is the first address tried."""
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
                self.record.unexpected.append(
                    f"{answer.status_code} to {method} {path}: {answer.text[:200]}"
                )
            if answer.status_code < 500:
                return answer
            if "retry-after" not in answer.headers:
                self.record.unexpected.append(
                    f"{answer.status_code} to {method} {path} without Retry-After"
                )
            place += 1
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
