"""A pattern that begins with the letters it can begin with, so that it fails fast, has all
of them."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from re import _constants, _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest

import engines.local
import policies
import text
from policies.deciding.steering import _steering_pattern, choosable_names  # pyright: ignore[reportPrivateUsage]
from policies.loading.load import load_desks
from tests.paths import REPOSITORY

Items = Sequence[tuple[Any, Any]]
ZERO_WIDTH = (_constants.AT, _constants.ASSERT, _constants.ASSERT_NOT)


def modules(*packages: ModuleType) -> Iterator[ModuleType]:
    for package in packages:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def patterns_in(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from patterns_in(part)
    elif isinstance(value, dict):
        yield from patterns_in([*value.values()])


def beginnings(items: Items) -> tuple[set[int], bool]:
    """The literal characters that a sequence can begin with, and whether it may match
    nothing at all."""
    found: set[int] = set()
    for code, given in items:
        if code in ZERO_WIDTH:
            continue
        letters, empty = of_item(code, given)
        found |= letters
        if not empty:
            return found, False
    return found, True


def of_item(code: Any, given: Any) -> tuple[set[int], bool]:
    """The same for one item. A class of characters that is not a list of literals is left out."""
    if code is _constants.LITERAL:
        return {given}, False
    if code is _constants.IN:
        return {value for kind, value in given if kind is _constants.LITERAL}, False
    if code is _constants.BRANCH:
        parts = [beginnings(branch) for branch in given[1]]
        return set().union(*(letters for letters, _ in parts)), any(
            empty for _, empty in parts
        )
    if code in (_constants.SUBPATTERN, _constants.ATOMIC_GROUP):
        return beginnings(given if code is _constants.ATOMIC_GROUP else given[-1])
    if code in (
        _constants.MAX_REPEAT,
        _constants.MIN_REPEAT,
        _constants.POSSESSIVE_REPEAT,
    ):
        letters, empty = beginnings(given[2])
        return letters, empty or given[0] == 0
    return set(), code is _constants.GROUPREF


def promises(items: Items) -> Iterator[tuple[set[int], set[int]]]:
    """For each look-ahead at one of several characters.

    Those, and the ones that what follows can begin with.
    """
    for place, (code, given) in enumerate(items):
        if (
            code is _constants.ASSERT
            and given[0] == 1
            and (letters := listed(given[1]))
        ):
            yield letters, beginnings(items[place + 1 :])[0]
        for inside in within(code, given):
            yield from promises(inside)


def listed(items: Items) -> set[int]:
    """The characters of a class that stands alone.

    A range or a category in it counts as what it holds of ASCII.
    """
    if len(items) != 1 or items[0][0] is not _constants.IN:
        return set()
    letters = {value for kind, value in items[0][1] if kind is _constants.LITERAL}
    if len(letters) < 2:
        return set()
    whole = re.compile(f"[{''.join(re.escape(chr(value)) for value in letters)}]")
    ranges = [value for kind, value in items[0][1] if kind is _constants.RANGE]
    digits = any(kind is _constants.CATEGORY for kind, _ in items[0][1])
    return {
        n
        for n in range(128)
        if whole.match(chr(n))
        or any(low <= n <= high for low, high in ranges)
        or (digits and chr(n).isdigit())
    } | letters


def within(code: Any, given: Any) -> Iterator[Items]:
    if code is _constants.BRANCH:
        yield from given[1]
    elif code is _constants.SUBPATTERN:
        yield given[-1]
    elif code is _constants.ATOMIC_GROUP:
        yield given
    elif code in (
        _constants.MAX_REPEAT,
        _constants.MIN_REPEAT,
        _constants.POSSESSIVE_REPEAT,
    ):
        yield given[2]


def broken(pattern: re.Pattern[str]) -> list[str]:
    caseless = bool(pattern.flags & re.IGNORECASE)
    folded = (
        (lambda codes: {ord(chr(code).lower()[0]) for code in codes})
        if caseless
        else set[int]
    )
    found = promises(_parser.parse(pattern.pattern, pattern.flags))
    return [
        f"{pattern.pattern[:80]}: {''.join(map(chr, missing))}"
        for letters, begins in found
        if (missing := folded(begins) - folded(letters))
    ]


def test_every_letter_that_a_pattern_can_begin_with_is_promised() -> None:
    every = {
        p
        for module in modules(engines.local, policies, text)
        for value in vars(module).values()
        for p in patterns_in(value)
    }
    every |= {
        _steering_pattern(choosable_names(desk))
        for desk in load_desks(REPOSITORY / "policies" / "desks").values()
    }
    promising = [
        pattern
        for pattern in every
        if any(True for _ in promises(_parser.parse(pattern.pattern, pattern.flags)))
    ]
    assert len(promising) > 15
    assert [complaint for pattern in promising for complaint in broken(pattern)] == []


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        (r"\b(?=[ab])(?:apple|bean)", True),
        (r"\b(?=[ab])(?:apple|bean|corn)", False),
        (r"(?=[ab])(?<!\w)(?:c?apple|bean)", False),
        (r"(?=[AB])(?i:apple)|(?=[xy])z", False),
    ],
)
def test_the_check_finds_a_letter_that_is_missing(pattern: str, holds: bool) -> None:
    assert (broken(re.compile(pattern)) == []) is holds
