"""What a prompt tells a model about the desk: the variables of prompts/text/desk.v1.md.

The same for every ticket.
"""

from collections.abc import Mapping

from policies.desk.model import Category, Desk

MAX_EXEMPLARS = 3
"""Exemplars shown per category."""

MAX_EXEMPLAR_LENGTH = 90
"""Characters of an exemplar that is shown; longer ones are skipped to save tokens."""


def desk_variables(desk: Desk) -> Mapping[str, str]:
    """The desk's title, its categories with exemplars, and its levels of severity."""
    return {
        "desk_title": desk.settings.title,
        "category_label": desk.settings.category_label,
        "fallback_category": desk.settings.fallback_category,
        "categories": "\n".join(
            _category_line(category) for category in desk.categories
        ),
        "severities": "\n".join(
            f"- {level.id}: {level.description}" for level in desk.severities
        ),
    }


def _category_line(category: Category) -> str:
    shown = "".join(f'\n  "{exemplar}"' for exemplar in select_exemplars(category))
    return f"- {category.id}: {category.description}{shown}"


def select_exemplars(category: Category) -> tuple[str, ...]:
    """Short exemplars spread evenly over the desk's list, so that they differ. Deterministic."""
    short = [
        exemplar
        for exemplar in category.exemplars
        if len(exemplar) <= MAX_EXEMPLAR_LENGTH
    ]
    count = min(MAX_EXEMPLARS, len(short))
    return tuple(
        short[(2 * place + 1) * len(short) // (2 * count)] for place in range(count)
    )
