"""The group-commit saver on a real database.

Everything that was promised is there, and nothing is half there.
"""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph

from contracts.ticket import RunOptions
from nodes.services import Limits
from ticketgraph.checkpoints.sqlite import open_saver
from ticketgraph.news.watchers import Watchers


class Counting(TypedDict, total=False):
    count: int
    text: str


async def add(state: Counting) -> Counting:
    return {"count": state.get("count", 0) + 1}


def counting_graph(saver: Any) -> Any:
    graph = StateGraph(Counting)
    graph.add_node("one", add)
    graph.add_node("two", add)
    graph.add_edge(START, "one")
    graph.add_edge("one", "two")
    graph.add_edge("two", END)
    return graph.compile(checkpointer=saver)


async def test_many_runs_side_by_side_keep_their_own_state(tmp_path: Path) -> None:
    path = tmp_path / "saver.db"
    async with open_saver(path, asyncio.Lock(), Watchers()) as saver:
        graph = counting_graph(saver)
        configs = [{"configurable": {"thread_id": str(number)}} for number in range(40)]
        inputs = [
            {"count": number * 10, "text": f"run {number}"} for number in range(40)
        ]
        await asyncio.gather(
            *(
                graph.ainvoke(given, at, durability="sync")
                for given, at in zip(inputs, configs, strict=True)
            )
        )
        for number, at in enumerate(configs):
            snapshot = await graph.aget_state(at)
            assert snapshot.values == {
                "count": number * 10 + 2,
                "text": f"run {number}",
            }
            assert len([moment async for moment in graph.aget_state_history(at)]) == 4
    stored = sqlite3.connect(path)
    with stored:
        assert stored.execute(
            "SELECT count(DISTINCT thread_id) FROM checkpoints"
        ).fetchone() == (40,)
    stored.close()


async def test_one_failing_write_does_not_take_the_others_with_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "saver.db"
    async with open_saver(path, asyncio.Lock(), Watchers()) as saver:
        groups = saver.groups
        groups.sqlite_connection.execute(
            "CREATE TABLE kept (number INTEGER PRIMARY KEY)"
        )

        def insert(number: int) -> Any:
            return lambda: (
                groups.sqlite_connection.execute(
                    "INSERT INTO kept VALUES (?)", (number,)
                )
                and number
            )

        results = await asyncio.gather(
            *(groups.write_grouped(insert(n)) for n in (1, 2, 1, 3)),
            return_exceptions=True,
        )
        assert [r for r in results if not isinstance(r, Exception)] == [1, 2, 3]
        assert isinstance(results[2], sqlite3.IntegrityError)
        assert groups.sqlite_connection.execute(
            "SELECT number FROM kept ORDER BY 1"
        ).fetchall() == [(1,), (2,), (3,)]


async def test_a_cancelled_writer_leaves_the_group_whole(tmp_path: Path) -> None:
    async with open_saver(tmp_path / "saver.db", asyncio.Lock(), Watchers()) as saver:
        groups = saver.groups
        groups.sqlite_connection.execute("CREATE TABLE kept (number INTEGER)")
        await groups.slots.acquire()

        def insert(number: int) -> Any:
            return lambda: groups.sqlite_connection.execute(
                "INSERT INTO kept VALUES (?)", (number,)
            )

        waiting = [
            asyncio.create_task(groups.write_grouped(insert(number)))
            for number in range(3)
        ]
        await asyncio.sleep(0)
        waiting[1].cancel()
        groups.slots.release()
        await asyncio.gather(waiting[0], waiting[2])
        assert not groups.sqlite_connection.in_transaction
        assert (
            len(groups.sqlite_connection.execute("SELECT number FROM kept").fetchall())
            == 3
        )


async def test_a_deleted_thread_is_gone(tmp_path: Path) -> None:
    async with open_saver(tmp_path / "saver.db", asyncio.Lock(), Watchers()) as saver:
        graph = counting_graph(saver)
        at: Any = {"configurable": {"thread_id": "t"}}
        await graph.ainvoke({"count": 1}, at)
        await saver.adelete_thread("t")
        assert (await graph.aget_state(at)).created_at is None


async def test_watchers_hear_of_every_checkpoint(tmp_path: Path) -> None:
    watchers = Watchers()
    async with open_saver(tmp_path / "saver.db", asyncio.Lock(), watchers) as saver:
        graph = counting_graph(saver)
        with watchers.watch_run("t") as watch, watchers.watch_run("other") as other:
            await graph.ainvoke({"count": 1}, {"configurable": {"thread_id": "t"}})
            assert watch.saved_event.is_set()
            assert not watch.settled_event.is_set()
            assert not other.saved_event.is_set()
    assert watchers.watches == {}


async def test_foreign_types_are_not_restored(tmp_path: Path) -> None:
    async with open_saver(tmp_path / "saver.db", asyncio.Lock(), Watchers()) as saver:
        stored = saver.serde.dumps_typed({"ours": RunOptions(), "foreign": Limits()})
        restored = saver.serde.loads_typed(stored)
        assert restored["ours"] == RunOptions()
        assert not isinstance(restored["foreign"], Limits)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", logger="langgraph")
