"""The contract of Jobs, kept by both: leased rows on SQLite and procrastinate on PostgreSQL."""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from storage.jobs.port import Job, RetryLaterError
from tests.integration.jobs.bench import Bench, at_once, begun, bench, held_until, task


async def test_what_is_committed_is_done_once(one: Bench) -> None:
    async with one.working():
        await one.put(task("a"), task("b"))
        await one.until_nothing_is_open()
    assert Counter(one.seen) == {"begin a": 1, "end a": 1, "begin b": 1, "end b": 1}


async def test_what_is_put_down_in_a_grouped_transaction_too(one: Bench) -> None:
    await one.database.run_transaction(
        lambda connection: one.jobs.enqueue_job(connection, task("a"))
    )
    async with one.working():
        await one.until_nothing_is_open()
    assert one.seen == ["begin a", "end a"]


async def test_what_is_rolled_back_is_never_done(one: Bench) -> None:
    async def rolled_back() -> None:
        async with one.database.open_write() as connection:
            await one.jobs.enqueue_job(connection, task("never"))
            raise ZeroDivisionError

    async with one.working(at_once=1):
        with pytest.raises(ZeroDivisionError):
            await rolled_back()
        await one.put(task("after"))
        await one.until_nothing_is_open()
    assert begun(one) == ["after"]


async def test_the_most_urgent_goes_first_then_the_oldest(one: Bench) -> None:
    await one.put(
        task("a"),
        task("b", priority=2),
        task("c"),
        task("d", priority=10),
        task("e", priority=2),
    )
    async with one.working(at_once=1):
        await one.until_nothing_is_open()
    assert begun(one) == ["d", "b", "e", "a", "c"]


async def test_a_kind_without_a_handler_is_left_to_others(one: Bench) -> None:
    await one.put(Job("unknown", "x", "x"), task("a"))
    async with one.working():
        await one.until_nothing_is_open()
    async with one.database.open_read() as connection:
        assert await one.jobs.open_subjects(connection, "unknown") == {"x"}


async def test_of_one_lock_one_at_a_time_in_order(one: Bench, other: Bench) -> None:
    doing: list[str] = []
    order: list[str] = []

    async def alone(subject: str) -> None:
        assert not doing
        doing.append(subject)
        await asyncio.sleep(0.01)  # long enough for another one to begin, if it could
        order.append(doing.pop())

    one.handler = other.handler = alone
    subjects = [f"{number:02}" for number in range(60)]
    await one.put(*(task(subject, lock="same") for subject in subjects))
    async with one.working(), other.working():
        await one.until_nothing_is_open(
            25
        )  # a second look every half a second would not be enough
    assert order == subjects
    assert len(begun(one, other)) == 60


async def test_nothing_is_begun_before_its_time(one: Bench) -> None:
    time_set = datetime.now(UTC) + timedelta(seconds=2)
    begun_at: dict[str, datetime] = {}

    async def look_at_the_clock(subject: str) -> None:
        begun_at[subject] = datetime.now(UTC)

    one.handler = look_at_the_clock
    async with one.working():
        await one.put(task("later", not_before=time_set), task("now"))
        await one.until_nothing_is_open()
    assert begun(one) == ["now", "later"]
    assert begun_at["later"] >= time_set


async def test_what_fails_is_tried_again_with_growing_pauses_while_others_go_on(
    one: Bench,
) -> None:
    tries: list[float] = []

    async def failing_thrice(subject: str) -> None:
        if subject == "bad":
            tries.append(time.monotonic())
            if len(tries) < 4:
                raise ValueError("not yet")

    one.handler = failing_thrice
    async with one.working(at_once=1):
        await one.put(task("bad"), task("good"))
        await one.until(lambda: "end good" in one.seen)
        assert "end bad" not in one.seen
        await one.until_nothing_is_open(20)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert [
        pause >= least for pause, least in zip(pauses, [0.2, 0.4, 0.8], strict=True)
    ] == [True] * 3


async def test_what_wants_to_be_called_again_has_not_failed(one: Bench) -> None:
    tries: list[float] = []

    async def again(_subject: str) -> None:
        tries.append(time.monotonic())
        if len(tries) <= 6:
            raise RetryLaterError(0.1)
        if len(tries) == 7:
            raise ValueError("now it has")

    one.handler = again
    async with one.working():
        await one.put(task("a"))
        await one.until_nothing_is_open(20)
    assert (
        0.2 <= tries[7] - tries[6] < 10
    )  # the pause of a first failure; of a seventh it would be 12.8
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(tries))


async def test_a_thousand_tasks_are_each_done_exactly_once_by_four_workers(
    url: str,
) -> None:
    async with AsyncExitStack() as stack:
        benches = [await stack.enter_async_context(bench(url)) for _ in range(4)]
        for worker in benches:
            await stack.enter_async_context(worker.working(at_once=8))
        subjects = [f"{number}" for number in range(1000)]
        for start in range(0, 1000, 100):
            chunk = subjects[start : start + 100]
            await benches[0].put(
                *(task(subject, lock=f"lock {int(subject) % 300}") for subject in chunk)
            )
        await benches[0].until_nothing_is_open(60)
        assert Counter(begun(*benches)) == dict.fromkeys(subjects, 1)


async def test_what_is_forgotten_is_not_done(one: Bench) -> None:
    await one.put(task("a"), task("b"), task("c"))
    async with one.database.open_write() as connection:
        await one.jobs.delete_jobs(connection, {"a", "c"})
    assert await one.open_subjects() == {"b"}
    async with one.working():
        await one.until_nothing_is_open()
    assert begun(one) == ["b"]


async def test_what_is_being_done_is_open_and_may_be_forgotten(one: Bench) -> None:
    go = asyncio.Event()
    one.handler = held_until(go)
    async with one.working():
        await one.put(task("a"))
        await one.until(lambda: begun(one) == ["a"])
        assert await one.open_subjects() == {"a"}
        async with one.database.open_write() as connection:
            await one.jobs.delete_jobs(connection, {"a"})
        go.set()
        await one.until(lambda: "end a" in one.seen)
        one.handler = at_once
        await one.put(task("b"))
        await one.until_nothing_is_open()
    assert begun(one) == ["a", "b"]
