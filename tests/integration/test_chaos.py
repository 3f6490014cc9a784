"""Short versions of the benchmarks that kill, freeze and take away: nothing lost, nothing twice."""

from pathlib import Path

import pytest

from benchmarks.chaos import Plan, chaos
from benchmarks.fleet import Place
from benchmarks.outages import full, outage, small_disk, stopped
from benchmarks.races import races
from benchmarks.receiver import receiving
from benchmarks.zombies import zombies
from tests.integration.test_crash import one_desk
from tests.postgres import PostgresServer, postgres_server

SLOW = {"delay": 0.2, "lost": 0.1}


def place_of(kind: str, folder: Path, postgres: PostgresServer) -> Place:
    return Place(folder, postgres.fresh() if kind == "postgres" else None)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_random_kills_under_load_lose_nothing(
    kind: str, postgres: PostgresServer, tmp_path: Path
) -> None:
    with receiving(tmp_path, **SLOW) as receiver:
        plan = Plan(
            tickets=40,
            pause=1.5,
            apart=(0.5, 1.5),
            burst=10,
            seed=11,
            only_workers=True,
            most_kills=3,
        )
        report = await chaos(
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
    with receiving(tmp_path, delay=0.5) as receiver:
        report = await zombies(
            place_of("postgres", tmp_path, postgres),
            1,
            receiver,
            DESKS_DIR=str(one_desk(tmp_path)),
        )
    assert report.faults == []
    assert report.delivered > 0


async def test_a_full_disk_stops_the_intake_and_loses_nothing(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with receiving(tmp_path) as receiver, small_disk(place.data) as limit:
        report = await outage(
            place,
            full(limit, left=2**20),
            80,
            3.0,
            receiver,
            DESKS_DIR=str(one_desk(tmp_path)),
        )
    assert report.faults == []
    assert (report.acknowledged, report.meanwhile[503] > 0) == (80, True)


async def test_postgresql_goes_away_and_comes_back(tmp_path: Path) -> None:
    with postgres_server() as server, receiving(tmp_path) as receiver:
        server.make_template()
        place = Place(tmp_path, server.fresh())
        report = await outage(
            place, stopped(server), 40, 4.0, receiver, DESKS_DIR=str(one_desk(tmp_path))
        )
    assert report.faults == []
    assert report.acknowledged == 40


async def test_of_two_decisions_at_two_processes_one_counts(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    with receiving(tmp_path) as receiver:
        place = Place(tmp_path, postgres.fresh())
        report = await races(place, 20, receiver, DESKS_DIR=str(one_desk(tmp_path)))
    assert report.faults == []
    assert sum(report.answers.values()) == report.pairs == 20
