"""Places for calls: never lost, never more than either limit, whoever is cancelled whenever."""

import asyncio
import gc

from hypothesis import given, settings
from hypothesis import strategies as st

from engines.models.failures import CircuitOpen
from engines.models.gateway import CallSlots, ProviderLimit
from tests.unit.models.open_calls import settled


async def test_a_waiter_cancelled_as_it_gets_its_place_gives_it_back() -> None:
    places = CallSlots(1, ProviderLimit(5))
    await places.acquire_slot()
    waiter, following = (
        asyncio.create_task(places.acquire_slot()),
        asyncio.create_task(places.acquire_slot()),
    )
    await settled()
    places.release_slot()
    waiter.cancel()
    await asyncio.wait([waiter, following], timeout=5)
    assert waiter.cancelled()
    assert following.done()
    assert places.calls_in_use == 1


async def test_a_waiter_just_cancelled_gets_no_place_and_is_not_sent_away() -> None:
    places = CallSlots(1, ProviderLimit(5))
    await places.acquire_slot()
    cancelled, following = (
        asyncio.create_task(places.acquire_slot()),
        asyncio.create_task(places.acquire_slot()),
    )
    await settled()
    cancelled.cancel()
    places.release_slot()
    await asyncio.wait([cancelled, following], timeout=5)
    assert following.done()
    last = asyncio.create_task(places.acquire_slot())
    await settled()
    last.cancel()
    places.fail_waiters(CircuitOpen)
    await asyncio.wait([last], timeout=5)
    assert last.cancelled()
    assert places.calls_in_use == 1


async def test_cancelled_waiters_take_no_memory() -> None:
    places = CallSlots(1, ProviderLimit(5))
    await places.acquire_slot()
    gc.collect()
    before = sum(isinstance(thing, asyncio.Future) for thing in gc.get_objects())
    waiters = [asyncio.create_task(places.acquire_slot()) for _ in range(50)]
    await settled()
    for waiter in waiters:
        waiter.cancel()
    await asyncio.wait(waiters)
    waiters.clear()
    gc.collect()
    assert (
        sum(isinstance(thing, asyncio.Future) for thing in gc.get_objects())
        < before + 10
    )


async def test_a_waiter_cancelled_as_it_is_sent_away_leaves_no_trace() -> None:
    places = CallSlots(1, ProviderLimit(5))
    await places.acquire_slot()
    waiter = asyncio.create_task(places.acquire_slot())
    await settled()
    places.fail_waiters(CircuitOpen)
    waiter.cancel()
    await asyncio.wait([waiter], timeout=5)
    assert waiter.cancelled()
    assert places.calls_in_use == 1


async def test_a_place_left_by_one_model_goes_to_who_has_waited_longest_for_any() -> (
    None
):
    total = ProviderLimit(2)
    first, second = CallSlots(2, total), CallSlots(1, total)
    await first.acquire_slot()
    await second.acquire_slot()
    queue = [
        asyncio.create_task(places.acquire_slot()) for places in (second, first, first)
    ]
    await settled()
    first.release_slot()
    await settled()
    assert [task.done() for task in queue] == [False, True, False], (
        "the second model has its one call already"
    )
    second.release_slot()
    await settled()
    assert [task.done() for task in queue] == [True, True, False]
    first.release_slot()
    await asyncio.wait(queue, timeout=5)
    assert (first.calls_in_use, second.calls_in_use, total.calls_in_use) == (1, 1, 2)


class Visitors:
    """Tasks that take a place of one of two models and keep it until they are told to leave."""

    def __init__(self, limit: int) -> None:
        self.total = ProviderLimit(4)
        self.models = (CallSlots(limit, self.total), CallSlots(3, self.total))
        self.visits: list[tuple[asyncio.Task[None], asyncio.Event]] = []
        self.inside = 0

    async def visit(self, places: CallSlots, leave: asyncio.Event) -> None:
        await places.acquire_slot()
        self.inside += 1
        try:
            assert self.inside <= self.total.calls_in_use <= 4
            await leave.wait()
        finally:
            self.inside -= 1
            places.release_slot()

    async def happens(self, what: str, which: int) -> None:
        places = self.models[which % 2]
        match what:
            case "come":
                leave = asyncio.Event()
                self.visits.append(
                    (asyncio.create_task(self.visit(places, leave)), leave)
                )
            case "leave" if which < len(self.visits):
                self.visits[which][1].set()
            case "cancel" if which < len(self.visits):
                self.visits[which][0].cancel()
            case "widen":
                places.change_limit(5)
            case "narrow":
                places.change_limit(1)
            case _:
                await asyncio.sleep(0)
        assert not any(
            model.is_free and model.first_arrival is not None for model in self.models
        )

    async def all_leave(self) -> list[object]:
        for _, leave in self.visits:
            leave.set()
        async with asyncio.timeout(5):
            return await asyncio.gather(
                *(task for task, _ in self.visits), return_exceptions=True
            )


@settings(max_examples=200, deadline=None)
@given(
    limit=st.integers(1, 5),
    events=st.lists(
        st.tuples(
            st.sampled_from(["come", "leave", "cancel", "widen", "narrow", "breathe"]),
            st.integers(0, 30),
        ),
        max_size=60,
    ),
)
def test_places_are_never_lost_and_never_more_than_the_limits(
    limit: int, events: list[tuple[str, int]]
) -> None:
    async def drive() -> None:
        visitors = Visitors(limit)
        for what, which in events:
            await visitors.happens(what, which)
        ends = await visitors.all_leave()
        assert [
            end for end in ends if end and not isinstance(end, asyncio.CancelledError)
        ] == []
        assert [
            visitors.total.calls_in_use,
            *(model.calls_in_use for model in visitors.models),
        ] == [
            0,
            0,
            0,
        ]

    asyncio.run(drive())
