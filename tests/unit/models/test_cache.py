"""The cache of answers.

One call for identical requests, and nobody pays or fails for somebody else.
"""

import asyncio
import gc

from contracts.usage import Usage
from engines.models.cache import AnswerCache
from engines.models.failures import Invalid, ProviderFailed


class Making:
    """A request that ends when the test says so."""

    def __init__(self) -> None:
        self.calls = 0
        self.cancelled = 0
        self.ending: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.calls += 1
        try:
            return await asyncio.shield(self.ending)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_second_time_it_is_known() -> None:
    cache, making = AnswerCache(10), Making()
    making.ending.set_result("billing")
    assert await cache.get_or_make("a", making) == ("billing", False)
    assert await cache.get_or_make("a", making) == ("billing", True)
    assert await cache.get_or_make("b", making) == ("billing", False)
    assert making.calls == 2


async def test_an_answer_of_none_is_an_answer() -> None:
    cache, calls = AnswerCache(10), 0

    async def make() -> None:
        nonlocal calls
        calls += 1

    assert await cache.get_or_make("a", make) == (None, False)
    assert await cache.get_or_make("a", make) == (None, True)
    assert calls == 1


async def test_it_keeps_the_ones_used_last() -> None:
    cache, making = AnswerCache(2), Making()
    making.ending.set_result("x")
    for key in ("a", "b", "a", "c"):
        await cache.get_or_make(key, making)
    assert (await cache.get_or_make("a", making))[1]
    assert not (await cache.get_or_make("b", making))[1]


async def test_size_0_is_off() -> None:
    cache, making = AnswerCache(0), Making()
    tasks = [asyncio.create_task(cache.get_or_make("a", making)) for _ in range(2)]
    await settled()
    assert making.calls == 2
    making.ending.set_result("x")
    assert await asyncio.gather(*tasks) == [("x", False)] * 2


async def test_identical_requests_at_the_same_time_share_one_call() -> None:
    cache, making = AnswerCache(10), Making()
    tasks = [asyncio.create_task(cache.get_or_make("a", making)) for _ in range(5)]
    await settled()
    making.ending.set_result("x")
    assert await asyncio.gather(*tasks) == [("x", False)] + [("x", True)] * 4
    assert making.calls == 1


async def test_a_failure_reaches_all_who_wait_costs_one_and_is_not_kept() -> None:
    cache, making = AnswerCache(10), Making()
    tasks = [asyncio.create_task(cache.get_or_make("a", making)) for _ in range(3)]
    await settled()
    making.ending.set_exception(
        Invalid("detail", Usage(calls=1, prompt_tokens=7), problems=("severity: enum",))
    )
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [Invalid] * 3
    assert [error.usage.calls for error in errors if isinstance(error, Invalid)] == [
        1,
        0,
        0,
    ]
    assert [(e.detail, e.problems) for e in errors if isinstance(e, Invalid)] == [
        ("detail", ("severity: enum",))
    ] * 3
    again = Making()
    again.ending.set_result("x")
    assert await cache.get_or_make("a", again) == ("x", False)


async def test_the_first_caller_cancelled_does_not_take_the_others_along() -> None:
    cache, making = AnswerCache(10), Making()
    first, second = (
        asyncio.create_task(cache.get_or_make("a", making)) for _ in range(2)
    )
    await settled()
    first.cancel()
    await settled()
    assert first.cancelled()
    making.ending.set_result("x")
    assert await second == ("x", True)
    assert (making.calls, making.cancelled) == (1, 0)


async def test_when_nobody_waits_any_more_the_request_is_cancelled_and_can_be_made_again() -> (
    None
):
    cache, making = AnswerCache(10), Making()
    tasks = [asyncio.create_task(cache.get_or_make("a", making)) for _ in range(2)]
    await settled()
    for task in tasks:
        task.cancel()
    again = Making()
    again.ending.set_result("x")
    await asyncio.wait(tasks)
    assert await cache.get_or_make("a", again) == ("x", False)
    await settled()
    assert (making.calls, making.cancelled, again.calls) == (1, 1, 1)


async def test_an_abandoned_request_that_takes_its_time_and_fails_disturbs_nobody() -> (
    None
):
    cache, started, ending, trouble = (
        AnswerCache(10),
        asyncio.Event(),
        asyncio.Event(),
        list[object](),
    )
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: trouble.append(context)
    )

    async def stubborn() -> str:
        try:
            started.set()
            return await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            await ending.wait()
            raise ProviderFailed from None

    abandoned = asyncio.create_task(cache.get_or_make("a", stubborn))
    await started.wait()
    abandoned.cancel()
    await asyncio.wait([abandoned])
    making = Making()
    new = asyncio.create_task(cache.get_or_make("a", making))
    await settled()
    ending.set()
    await settled()
    sharing = asyncio.create_task(cache.get_or_make("a", making))
    await settled()
    making.ending.set_result("x")
    assert await asyncio.gather(new, sharing) == [("x", False), ("x", True)]
    assert making.calls == 1
    gc.collect()
    assert trouble == []
    asyncio.get_running_loop().set_exception_handler(None)
