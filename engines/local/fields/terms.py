"""The desk's own words and its own patterns."""

import re
from collections.abc import Iterator
from functools import lru_cache

from contracts.errors import DeskError
from policies.desk.model import FieldDefinition
from text.patterns.blanked_text import MaskedText
from text.patterns.found_value import FoundValue


def find_terms(page: MaskedText, definition: FieldDefinition) -> Iterator[FoundValue]:
    """The definition's terms as whole words, whatever their case; values in the desk's spelling."""
    if not definition.terms:
        return
    spelling = {" ".join(term.lower().split()): term for term in definition.terms}
    for match in _compile_terms(definition.terms).finditer(page.without_urls):
        value = spelling[" ".join(match[0].lower().split())]
        yield FoundValue(value, match.start(), match.end(), 0.95)


def find_pattern(page: MaskedText, definition: FieldDefinition) -> Iterator[FoundValue]:
    """Matches of the desk's own expression; its first group, when it has one, is the value.

    The expression runs over the whole text as it is: a desk that writes a slow one waits for it.
    """
    expression = _compile_pattern(definition.name, definition.pattern)
    for match in expression.finditer(page.text):
        group = 1 if expression.groups and match[1] else 0
        if match[group]:
            yield FoundValue(match[group], *match.span(group), 0.9)


@lru_cache(maxsize=256)
def _compile_terms(terms: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(terms, key=len, reverse=True)
    words = "|".join(
        r"\s{1,3}".join(map(re.escape, term.split())) for term in longest_first
    )
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=256)
def _compile_pattern(name: str, pattern: str | None) -> re.Pattern[str]:
    if pattern is None:
        raise DeskError(f"the field {name} is of kind `pattern` and has no pattern")
    try:
        return re.compile(pattern)
    except re.error as error:
        raise DeskError(
            f"the pattern of the field {name} is no regular expression: {error}"
        ) from error
