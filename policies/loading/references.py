"""What must agree between a desk's files: names that are used exist, patterns compile.

A fault here is an error, and the loader refuses the desk. Warnings are found by
policies/loading/check.py.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from string import Formatter
from typing import get_args

from contracts.values import SEVERITIES, Tone, Value
from policies.desk.model import Desk, FieldDefinition
from policies.loading.documents import YamlPath
from policies.rules.conditions import rule_categories

PLACEHOLDERS: dict[str, str] = {
    "greeting_named": "name",
    "acknowledgment": "issue",
    "timeline": "time",
    "if_not_solved": "time",
    "ask": "items",
    "closing": "signature",
}
"""The one placeholder that each part of a reply must hold; other parts hold none."""


class DeskFinding(Value):
    """One thing about a desk that its author should change: file, rule, text and place."""

    file: str
    rule: str
    text: str
    place: YamlPath = ()


def find_broken_references(desk: Desk) -> list[DeskFinding]:
    """Every fault that no single file's model can show, in the order of the files."""
    checks: tuple[Callable[[Desk], Iterator[DeskFinding]], ...] = (
        _check_duplicate_names,
        _check_settings,
        _check_categories,
        _check_severities,
        _check_fields,
        _check_routing,
        _check_disposition,
        _check_replies,
        _check_articles,
    )
    return [finding for check in checks for finding in check(desk)]


def _check_duplicate_names(desk: Desk) -> Iterator[DeskFinding]:
    named: dict[tuple[str, str], Iterable[str]] = {
        ("categories.yaml", "categories"): (c.id for c in desk.categories),
        ("severities.yaml", "severities"): (s.id for s in desk.severities),
        ("severities.yaml", "signals"): (s.id for s in desk.signals),
        ("fields.yaml", "fields"): (f.name for f in desk.fields),
        ("routing_rules.yaml", "teams"): (t.id for t in desk.routing.teams),
        ("disposition.yaml", "rules"): (r.id for r in desk.disposition.rules),
    }
    for (file, key), names in named.items():
        for name, last in _find_repeated(names):
            text = f"{name} is there more than once; rename or remove one"
            yield DeskFinding(file=file, rule="duplicate", text=text, place=(key, last))


def _find_repeated(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    """The names that come more than once, each with its last index."""
    listed = list(names)
    for name, count in Counter(listed).items():
        if count > 1:
            yield name, len(listed) - 1 - listed[::-1].index(name)


def _check_known_name(
    file: str, place: YamlPath, name: str, what: str, known: Iterable[str]
) -> Iterator[DeskFinding]:
    names = sorted(known)
    if name not in names:
        text = f"there is no {what} {name!r}; use one of {', '.join(names)}"
        yield DeskFinding(file=file, rule=f"unknown-{what}", text=text, place=place)


def _check_settings(desk: Desk) -> Iterator[DeskFinding]:
    fallback = desk.settings.fallback_category
    yield from _check_known_name(
        "desk.yaml", ("fallback_category",), fallback, "category", _category_ids(desk)
    )
    if desk.settings.reminder_hours >= desk.settings.approval_hours:
        text = (
            f"the reminder comes after the {desk.settings.approval_hours:g} hours of the "
            "approval; remind earlier"
        )
        yield DeskFinding(
            file="desk.yaml",
            rule="late-reminder",
            text=text,
            place=("approval_reminder_hours",),
        )


def _category_ids(desk: Desk) -> set[str]:
    return {category.id for category in desk.categories}


def _check_categories(desk: Desk) -> Iterator[DeskFinding]:
    known = {field.name for field in desk.fields}
    for index, category in enumerate(desk.categories):
        for position, name in enumerate(category.required_fields):
            place = ("categories", index, "required_fields", position)
            yield from _check_known_name("categories.yaml", place, name, "field", known)


def _check_severities(desk: Desk) -> Iterator[DeskFinding]:
    missing = [
        severity
        for severity in SEVERITIES
        if severity not in {level.id for level in desk.severities}
    ]
    if missing:
        text = f"every desk has four levels; add {', '.join(missing)}"
        yield DeskFinding(
            file="severities.yaml",
            rule="missing-severity",
            text=text,
            place=("severities",),
        )
    known = {signal.id for signal in desk.signals}
    for index, signal in enumerate(desk.signals):
        for key in ("all_of", "resolves", "outweighs"):
            for position, name in enumerate(getattr(signal, key)):
                yield from _check_known_name(
                    "severities.yaml",
                    ("signals", index, key, position),
                    name,
                    "signal",
                    known,
                )


def _check_fields(desk: Desk) -> Iterator[DeskFinding]:
    for index, field in enumerate(desk.fields):
        place = ("fields", index)
        if field.pattern is not None and (error := pattern_error(field.pattern)):
            yield DeskFinding(
                file="fields.yaml",
                rule="bad-pattern",
                text=error,
                place=(*place, "pattern"),
            )
        if missing := _missing_key(field):
            text = f"a field of kind {field.kind} needs `{missing}`; add it"
            yield DeskFinding(
                file="fields.yaml", rule="missing-key", text=text, place=place
            )


def pattern_error(pattern: str) -> str | None:
    """Why a text is no regular expression, as a sentence for its author; None when it is one."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"not a regular expression: {error}; correct it"
    return None


def _missing_key(field: FieldDefinition) -> str | None:
    if field.kind == "pattern" and field.pattern is None:
        return "pattern"
    return "terms" if field.kind == "keywords" and not field.terms else None


def _check_routing(desk: Desk) -> Iterator[DeskFinding]:
    routing, file = desk.routing, "routing_rules.yaml"
    teams = {team.id for team in routing.teams}
    yield from _check_known_name(
        file, ("fallback_team",), routing.fallback_team, "team", teams
    )
    yield from _check_known_name(
        file, ("critical_team",), routing.critical_team, "team", teams
    )
    for index, team in enumerate(routing.teams):
        for position, name in enumerate(team.categories):
            yield from _check_known_name(
                file,
                ("teams", index, "categories", position),
                name,
                "category",
                _category_ids(desk),
            )


def _check_disposition(desk: Desk) -> Iterator[DeskFinding]:
    for index, rule in enumerate(desk.disposition.rules):
        for name in rule_categories(rule.when):
            place = ("rules", index, "when", "category")
            yield from _check_known_name(
                "disposition.yaml", place, name, "category", _category_ids(desk)
            )


def _check_replies(desk: Desk) -> Iterator[DeskFinding]:
    for tone in get_args(Tone):
        if tone not in desk.replies.tones:
            text = f"a customer may ask for the tone {tone}; add it"
            yield DeskFinding(
                file="replies.yaml", rule="missing-tone", text=text, place=("tones",)
            )
    for tone, parts in desk.replies.tones.items():
        for part, template in parts:
            yield from _check_template(
                ("tones", tone, part), template, PLACEHOLDERS.get(part)
            )
    for key in ("acknowledgments", "next_steps", "agent_actions"):
        for name in getattr(desk.replies, key):
            yield from _check_known_name(
                "replies.yaml", (key, name), name, "category", _category_ids(desk)
            )


def _check_template(
    place: YamlPath, template: str, placeholder: str | None
) -> Iterator[DeskFinding]:
    wanted = {placeholder} if placeholder else set[str]()
    try:
        found = {
            name for _, name, _, _ in Formatter().parse(template) if name is not None
        }
    except ValueError as error:
        text = f"{error}; write {{{{ or }}}} for a brace that is meant as one"
        yield DeskFinding(
            file="replies.yaml", rule="bad-template", text=text, place=place
        )
        return
    if found != wanted:
        text = (
            f"write the placeholder {{{placeholder}}} and no other"
            if placeholder
            else "write no placeholder here"
        )
        yield DeskFinding(
            file="replies.yaml", rule="placeholder", text=text, place=place
        )


def _check_articles(desk: Desk) -> Iterator[DeskFinding]:
    for article in desk.articles:
        file = f"articles/{article.id}.md"
        yield from _check_known_name(
            file, ("category",), article.category or "", "category", _category_ids(desk)
        )
