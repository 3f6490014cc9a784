"""Deliverers that are killed or stand still at the worst moments, in processes of their
own, on both databases."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.webhook import WebhookConnector
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from tests.conftest import REPOSITORY
from tests.integration.dying_at_delivery import TIMEOUT
from tests.integration.ledgers import Ledger, Place, database_at, ledger_on, place_of
from tests.integration.receiver import Receiver
from ticketgraph.effects.sender import EffectSender

PROGRAM = str(Path(__file__).parent / "dying_at_delivery.py")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_of(request, tmp_path)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    """An empty ledger on each database, in real time."""
    async with ledger_on(await database_at(place)) as opened:
        opened.real_time = True
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


def started(
    ledger: Ledger, receiver: Receiver, key: str, point: str
) -> "subprocess.Popen[bytes]":
    """The program on the ledger's database."""
    database = ledger.database
    if isinstance(database, PostgresDatabase):
        where = database.address.libpq_conninfo
    else:
        assert isinstance(database, SqliteDatabase)
        where = str(database.name)
    command = [sys.executable, PROGRAM, where, receiver.url, key, point]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(REPOSITORY)})


async def delivered(ledger: Ledger, receiver: Receiver, key: str) -> int:
    """Deliver it here, as another worker would. How often the job was taken."""
    connector = WebhookConnector(receiver.url, None, TIMEOUT, ledger.clock.now)
    delivery = EffectSender(ledger.database, connector, ledger.clock.now, TIMEOUT)
    times = await ledger.work(lambda: delivery.deliver_effect(key))
    await connector.close()
    return times


@pytest.mark.parametrize("point", ["claimed", "sent"])
async def test_a_kill_neither_loses_nor_repeats_it(
    ledger: Ledger, receiver: Receiver, point: str
) -> None:
    key = await ledger.record()
    process = started(ledger, receiver, key, point)
    assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    assert (await ledger.entry(key))["status"] == "sending"
    assert receiver.accepted[key] == (1 if point == "sent" else 0)
    await delivered(ledger, receiver, key)
    entry = await ledger.entry(key)
    assert (entry["status"], entry["remote_id"]) == ("sent", receiver.id_of(key))
    assert (receiver.accepted[key], receiver.requests) == (1, 1)
    assert entry["attempts"] == (1 if point == "sent" else 2)


async def test_a_process_that_stood_still_changes_nothing_when_it_goes_on(
    ledger: Ledger, receiver: Receiver
) -> None:
    key = await ledger.record()
    process = started(ledger, receiver, key, "frozen")
    _, state = await asyncio.to_thread(os.waitpid, process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(state)
    await delivered(ledger, receiver, key)
    settled = await ledger.entry(key)
    process.send_signal(signal.SIGCONT)
    assert await asyncio.to_thread(process.wait, 60) == 3
    assert await ledger.entry(key) == settled
    assert (settled["status"], settled["attempts"]) == ("sent", 2)
    assert (receiver.accepted[key], receiver.requests) == (1, 1)
