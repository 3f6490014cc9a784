"""Vectors in memory: what is nearest is among what is likely, and what is forgotten is gone."""

import asyncio

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.embedding.embedder import DIMENSIONS
from engines.embedding.similarity import SPELLING_DIMENSIONS
from storage.tables import FINGERPRINT_DIMENSIONS
from storage.vectors.int8_index import BLOCK_ROWS, MEANING_DIMENSIONS, Int8Index

LIMIT = 18


def units(count: int, seed: int = 7) -> np.ndarray:
    """Unit vectors of which some are alike: every tenth is a source of the nine after it."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, FINGERPRINT_DIMENSIONS))
    vectors += 2 * vectors[np.arange(count) // 10 * 10]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def filled(vectors: np.ndarray, capacity: int = 10_000) -> Int8Index:
    shelf = Int8Index(capacity)
    for number, vector in enumerate(vectors):
        shelf.put_vector(str(number), vector)
    return shelf


def test_a_fingerprint_is_what_the_shelf_and_the_tables_take_it_for() -> None:
    assert MEANING_DIMENSIONS == DIMENSIONS
    assert FINGERPRINT_DIMENSIONS == DIMENSIONS + SPELLING_DIMENSIONS


def test_the_five_nearest_are_among_the_likely_ones() -> None:
    vectors = units(3 * BLOCK_ROWS + 10)
    shelf, hits = filled(vectors), 0
    for question in units(50, seed=8) * 0.4 + vectors[::61][:50]:
        nearest = np.argsort(-(vectors @ question))[:5]
        hits += len(
            {str(number) for number in nearest}
            & set(shelf.find_candidates(question, LIMIT))
        )
    assert hits >= 0.99 * 5 * 50


def test_a_few_tickets_are_all_likely() -> None:
    assert set(filled(units(3)).find_candidates(units(1)[0], LIMIT)) == {"0", "1", "2"}
    assert Int8Index().find_candidates(units(1)[0], LIMIT) == []


def test_the_oldest_makes_room() -> None:
    shelf = filled(units(30), capacity=20)
    assert shelf.rows.keys() == {str(number) for number in range(10, 30)}
    assert len(shelf.ids) == 20


def test_a_ticket_put_again_is_where_its_new_vector_is() -> None:
    vectors = units(100)
    shelf = filled(vectors)
    shelf.put_vector("1", vectors[50])
    assert {"1", "50"} <= set(shelf.find_candidates(vectors[50], 2))


async def test_a_search_beside_changes_names_only_tickets_that_were_there() -> None:
    vectors = units(BLOCK_ROWS)
    shelf = filled(vectors)

    def search() -> set[str]:
        return {
            ticket_id
            for _ in range(30)
            for ticket_id in shelf.find_candidates(vectors[3], LIMIT)
        }

    searching = asyncio.create_task(asyncio.to_thread(search))
    for number in range(BLOCK_ROWS, 3 * BLOCK_ROWS):
        shelf.put_vector(str(number), vectors[number % BLOCK_ROWS])
        shelf.remove_ticket(str(number - 5))
        await asyncio.sleep(0)  # the search has its turn
    found = await searching
    assert found <= {str(number) for number in range(3 * BLOCK_ROWS)}
    assert found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(("put", "forget")), st.integers(0, 25)), max_size=120
    )
)
def test_it_holds_what_was_put_last_and_not_forgotten(
    steps: list[tuple[str, int]],
) -> None:
    shelf, vectors, held = Int8Index(capacity=50), units(26), set[str]()
    for step, number in steps[:50]:
        if step == "put":
            shelf.put_vector(str(number), vectors[number])
            held.add(str(number))
        else:
            shelf.remove_ticket(str(number))
            held.discard(str(number))
    assert set(shelf.find_candidates(vectors[0], 50)) == held
    assert shelf.rows.keys() == held
