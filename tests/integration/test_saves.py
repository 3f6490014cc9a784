"""What runs save on PostgreSQL together.

LangGraph reads it as its own, and nobody's trouble is another's.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypedDict

import psycopg
import pytest
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph

from contracts.ticket import NewTicket
from storage.database.postgres import POOL_SIZE
from storage.database.timeouts import TIMEOUT_SECONDS
from tests.inspected import InspectedTicketGraph
from tests.postgres import PostgresServer
from ticketgraph.checkpoints.fence import StaleEpochError, hold_epoch
from ticketgraph.checkpoints.postgres import FencedPostgresSaver


@pytest.fixture
async def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


@pytest.fixture
async def app(url: str) -> AsyncIterator[InspectedTicketGraph]:
    """A desk whose process does no work by itself."""
    async with InspectedTicketGraph.open(database_url=url, at_once=0) as opened:
        yield opened


@pytest.fixture
def saver(app: InspectedTicketGraph) -> FencedPostgresSaver:
    found = app.parts.graph.checkpointer
    assert isinstance(found, FencedPostgresSaver)
    return found


async def held_runs(app: InspectedTicketGraph, url: str, count: int) -> list[str]:
    """So many runs, each held as its first epoch."""
    jobs = [
        await app.tickets.submit(NewTicket(subject=f"Ticket {number}", body="Words."))
        for number in range(count)
    ]
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE runs SET epoch = 1")
    return [job.run_id for job in jobs]


class Things(TypedDict, total=False):
    count: int
    text: str | None
    nested: dict[str, Any]


async def add(state: Things) -> Things:
    return {
        "count": state.get("count", 0) + 1,
        "nested": {"ü": [state.get("text"), 0.5, None]},
    }


async def test_langgraphs_own_saver_reads_what_was_saved_together(
    app: InspectedTicketGraph, saver: FencedPostgresSaver, url: str
) -> None:
    graph = StateGraph(Things).add_node("one", add).add_node("two", add)
    graph.add_edge(START, "one").add_edge("one", "two").add_edge("two", END)
    configs: list[Any] = [
        {"configurable": {"thread_id": run}} for run in await held_runs(app, url, 20)
    ]
    ours = graph.compile(checkpointer=saver)
    with hold_epoch(1):
        await asyncio.gather(
            *(
                ours.ainvoke({"count": n, "text": "\"{}\\'\n" if n else None}, at)
                for n, at in enumerate(configs)
            )
        )
    async with AsyncPostgresSaver.from_conn_string(url) as plain:
        theirs = graph.compile(checkpointer=plain)
        for number, at in enumerate(configs):
            snapshots = [snapshot async for snapshot in theirs.aget_state_history(at)]
            words = "\"{}\\'\n" if number else None
            assert snapshots[0].values == {
                "count": number + 2,
                "text": words,
                "nested": {"ü": [words, 0.5, None]},
            }
            assert [snapshot.next for snapshot in snapshots] == [
                (),
                ("two",),
                ("one",),
                ("__start__",),
            ]
            assert snapshots[1].tasks[0].result == {
                "count": number + 2,
                "nested": {"ü": [words, 0.5, None]},
            }


def writing(saver: FencedPostgresSaver, run_id: str, task: str = "task") -> Any:
    at: Any = {
        "configurable": {"thread_id": run_id, "checkpoint_ns": "", "checkpoint_id": "1"}
    }
    return saver.aput_writes(at, [("count", 1), ("text", "words")], task)


def written(url: str) -> Sequence[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT DISTINCT thread_id FROM checkpoint_writes ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("no\0text", psycopg.errors.CharacterNotInRepertoire),
        ("\ud800", UnicodeEncodeError),
    ],
)
async def test_one_that_cannot_be_saved_or_was_overtaken_is_alone_with_it(
    app: InspectedTicketGraph,
    saver: FencedPostgresSaver,
    url: str,
    text: str,
    error: type[Exception],
) -> None:
    good, overtaken, bad = await held_runs(app, url, 3)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE runs SET epoch = 2 WHERE id = %s", (overtaken,))
    with hold_epoch(1):
        results = await asyncio.gather(
            writing(saver, overtaken),
            writing(saver, bad, text),
            writing(saver, good),
            return_exceptions=True,
        )
    assert [type(result) for result in results] == [StaleEpochError, error, type(None)]
    assert written(url) == [(good,)]


async def test_more_locked_runs_than_connections_hold_up_nobody_else(
    app: InspectedTicketGraph, saver: FencedPostgresSaver, url: str
) -> None:
    free, *locked = await held_runs(app, url, 1 + POOL_SIZE + 2)
    with psycopg.connect(url) as somebody, hold_epoch(1):
        somebody.execute("SELECT 1 FROM runs WHERE id = ANY(%s) FOR UPDATE", (locked,))
        waiting = [asyncio.create_task(writing(saver, run)) for run in locked]
        async with asyncio.timeout(TIMEOUT_SECONDS / 2):
            await writing(saver, free)
            assert await saver.aget_tuple({"configurable": {"thread_id": free}}) is None
        assert not any(task.done() for task in waiting)
        somebody.rollback()
        await asyncio.gather(*waiting)
    assert len(written(url)) == 1 + len(locked)


async def test_a_connection_that_hangs_does_not_stop_the_others(
    app: InspectedTicketGraph, saver: FencedPostgresSaver, url: str
) -> None:
    hanging, free = await held_runs(app, url, 2)
    with psycopg.connect(url) as somebody, hold_epoch(1):
        somebody.execute(
            "INSERT INTO checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob)"
            " VALUES (%s, '1', 'task', 0, 'count', '')",
            (hanging,),
        )
        stuck = asyncio.create_task(writing(saver, hanging))
        while not await asyncio.to_thread(locks_waited_for, url):
            pass  # asking takes a while
        await writing(saver, free)
        assert not stuck.done()
        somebody.rollback()
        await stuck
    assert written(url) == sorted([(free,), (hanging,)])


def locks_waited_for(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return bool(
            connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall()
        )


async def test_a_run_that_somebody_has_locked_holds_up_nobody_else(
    app: InspectedTicketGraph, saver: FencedPostgresSaver, url: str
) -> None:
    free, locked, lost = await held_runs(app, url, 3)
    with psycopg.connect(url) as somebody, hold_epoch(1):
        somebody.execute(
            "SELECT 1 FROM runs WHERE id = ANY(%s) FOR UPDATE", ([locked, lost],)
        )
        waiting = [asyncio.create_task(writing(saver, run)) for run in (locked, lost)]
        await writing(saver, free)
        assert [task.done() for task in waiting] == [False, False]
        assert written(url) == [(free,)]
        somebody.execute("UPDATE runs SET epoch = 2 WHERE id = %s", (lost,))
        somebody.commit()
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), StaleEpochError]
    assert written(url) == sorted([(free,), (locked,)])
