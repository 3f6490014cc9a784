"""Short versions of the benchmarks that kill, freeze and take away: nothing lost, nothing twice."""

from pathlib import Path

import pytest

from benchmarks.chaos import Plan, run_chaos
from benchmarks.fleet import Place
from benchmarks.outages import fill_disk, limit_disk, run_outage, stop_server
from benchmarks.races import run_races
from benchmarks.receiver import run_receiver
from benchmarks.zombies import run_zombies
from tests.integration.test_crash import one_desk
from tests.postgres import PostgresServer, postgres_server

SLOW = {"delay": 0.2, "lost": 0.1}


def place_of(kind: str, folder: Path, postgres: PostgresServer) -> Place:
    return Place(folder, postgres.fresh() if kind == "postgres" else None)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_random_kills_under_load_lose_nothing(
    kind: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    with run_receiver(tmp_path, **SLOW) as receiver:
        plan = Plan(
            tickets=40,
            pause=1.5,
            apart=(0.5, 1.5),
            burst=10,
            seed=11,
            only_workers=True,
            most_kills=3,
        )
        report = await run_chaos(
            place_of(kind, tmp_path, postgres),
            plan,
            receiver,
            DESKS_DIR=str(one_desk(tmp_path)),
        )
    assert report.faults == []
    assert report.acknowledged == 40
    assert report.killed.total() > 0
    assert report.delivered > 0


async def test_a_frozen_process_changes_nothing_when_it_is_back(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with run_receiver(tmp_path, delay=0.5) as receiver:
        report = await run_zombies(
            place_of("postgres", tmp_path, postgres),
            1,
            receiver,
            DESKS_DIR=str(one_desk(tmp_path)),
        )
    assert report.faults == []
    assert report.delivered > 0


async def test_a_full_disk_stops_the_intake_and_loses_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with run_receiver(tmp_path) as receiver, limit_disk(place.data) as limit:
        report = await run_outage(
            place,
            fill_disk(limit, left=2**20),
            80,
            3.0,
            receiver,
            DESKS_DIR=str(one_desk(tmp_path)),
        )
    assert report.faults == []
    assert (report.acknowledged, report.meanwhile[503] > 0) == (80, True)


async def test_postgresql_goes_away_and_comes_back(tmp_path: Path) -> None:
    with postgres_server() as server, run_receiver(tmp_path) as receiver:
        server.make_template()
        place = Place(tmp_path, server.fresh())
        report = await run_outage(
            place,
            stop_server(server),
            40,
            4.0,
            receiver,
            DESKS_DIR=str(one_desk(tmp_path)),
        )
    assert report.faults == []
    assert report.acknowledged == 40


async def test_of_two_decisions_at_two_processes_one_counts(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with run_receiver(tmp_path) as receiver:
        place = Place(tmp_path, postgres.fresh())
        report = await run_races(place, 20, receiver, DESKS_DIR=str(one_desk(tmp_path)))
    assert report.faults == []
    assert sum(report.answers.values()) == report.pairs == 20
