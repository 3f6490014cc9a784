"""The in-memory index: what is nearest, and what is forgotten."""

from datetime import UTC, datetime

import numpy as np

from graph.index import Entry, Index


def entry(ticket_id: str, desk: str = "a", customer: str | None = None, *, solved: bool = False) -> Entry:
    return Entry(ticket_id, desk, customer, f"subject {ticket_id}", f"digest {ticket_id}", datetime.now(UTC), solved)


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def test_the_nearest_come_first_without_the_ticket_itself_and_other_desks() -> None:
    index = Index()
    index.put(entry("1"), unit(1, 0, 0))
    index.put(entry("2"), unit(1, 1, 0))
    index.put(entry("3"), unit(0, 0, 1))
    index.put(entry("4", desk="b"), unit(1, 0, 0))
    found = index.nearest(unit(1, 0, 0), "a", 2, but="1")
    assert [near.ticket_id for near, _ in found] == ["2", "3"]
    assert found[0][1] > found[1][1]


def test_only_solved_tickets_when_asked() -> None:
    index = Index()
    index.put(entry("1"), unit(1, 0))
    assert index.nearest(unit(1, 0), "a", 3, but="", only_solved=True) == []
    index.put(entry("2", solved=True), unit(0, 1))
    assert [near.ticket_id for near, _ in index.nearest(unit(1, 0), "a", 3, but="", only_solved=True)] == ["2"]


def test_the_oldest_makes_room_and_is_forgotten_everywhere() -> None:
    index = Index(capacity=2)
    for number in range(3):
        index.put(entry(str(number), customer="c"), unit(1, number))
    assert index.vector("0") is None
    assert [near.ticket_id for near in index.of_customer("c", 10)] == ["2", "1"]
    assert {near.ticket_id for near, _ in index.nearest(unit(1, 0), "a", 5, but="")} == {"1", "2"}


def test_a_ticket_put_again_is_replaced() -> None:
    index = Index()
    index.put(entry("1", customer="c"), unit(1, 0))
    index.put(entry("1", customer="c"), unit(0, 1))
    assert [near.ticket_id for near in index.of_customer("c", 10)] == ["1"]
    assert index.likeness(unit(0, 1), ["1"]) == [1.0]


def test_it_grows_past_its_first_block() -> None:
    index = Index()
    for number in range(1500):
        index.put(entry(str(number)), unit(np.cos(number), np.sin(number)))
    assert index.nearest(unit(np.cos(1499), np.sin(1499)), "a", 1, but="")[0][0].ticket_id == "1499"


def test_an_unknown_desk_has_nothing() -> None:
    assert Index().nearest(unit(1, 0), "nowhere", 3, but="") == []
