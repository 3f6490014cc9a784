"""The conditions of disposition rules: which are allowed, when they hold, which imply others.

A grant may only ask for safety (at most this amount, at least this confidence), a
requirement may only react to risk (at least this severity). So added risk can end a grant
or start a requirement, and never the other way round.
"""

from typing import Any, Literal

from pydantic import FiniteFloat

from contracts.values import SEVERITIES, Severity, Value
from policies.rules.facts import FACTS, Fact

SEVERITY_RANKS: dict[str, int] = {
    severity: rank for rank, severity in enumerate(SEVERITIES)
}


class Bound(Value):
    """A range on an ordered fact, open on one side, its end included."""

    min: FiniteFloat | Severity | None = None
    max: FiniteFloat | Severity | None = None


Names = tuple[str, ...]
Condition = bool | str | Names | Bound
When = dict[str, Condition]
Verb = Literal["grant", "require"]
BoundEnd = Literal["min", "max"]


def condition_fault(verb: Verb, name: str, condition: Condition) -> str | None:
    """Why a rule of this verb may not have this condition, for its author; None if it may."""
    if name not in FACTS:
        return f"there is no fact {name!r}; use one of {', '.join(sorted(FACTS))}"
    fact = FACTS[name]
    if fact.kind == "name":
        return (
            None if _is_names(condition) else f"{name} takes a name or a list of names"
        )
    if fact.kind == "flag":
        return _flag_fault(verb, name, fact, condition)
    return _bound_fault(verb, name, fact, condition)


def _is_names(condition: Condition) -> bool:
    return bool(condition) and isinstance(condition, str | tuple)


def _flag_fault(verb: Verb, name: str, fact: Fact, condition: Condition) -> str | None:
    if not isinstance(condition, bool):
        return f"{name} takes true or false"
    if condition in _allowed_flags(verb, fact):
        return None
    asked, safe = ("true", "false") if condition else ("false", "true")
    return f"a {verb} may not ask for `{name}: {asked}`: {_monotone_reason(verb)}; write {safe}"


def _bound_fault(verb: Verb, name: str, fact: Fact, condition: Condition) -> str | None:
    end = _allowed_end(verb, fact)
    example = f"{{{end}: {'medium' if fact.kind == 'severity' else 1}}}"
    if not isinstance(condition, Bound) or not condition.model_fields_set:
        return f"{name} takes a range such as {example}"
    if condition.model_fields_set != {end}:
        why = _monotone_reason(verb)
        return f"a {verb} may bound {name} by `{end}` only: {why}; write {example}"
    if isinstance(getattr(condition, end), str if fact.kind == "severity" else float):
        return None
    return f"{name} is a {fact.kind}; write a range such as {example}"


def _monotone_reason(verb: Verb) -> str:
    if verb == "grant":
        return "otherwise more risk would mean less review"
    return "otherwise less risk would mean more review"


def _allowed_end(verb: Verb, fact: Fact) -> BoundEnd:
    return "max" if (verb == "grant") == (fact.risk == "rises") else "min"


def _allowed_flags(verb: Verb, fact: Fact) -> tuple[bool, ...]:
    if fact.risk == "free":
        return (False, True)
    return (_allowed_end(verb, fact) == "min",)


def condition_holds(
    verb: Verb, condition: Condition, value: str | float | None
) -> bool:
    """Whether a fact's value meets the condition.

    An unknown value fails a grant and meets a requirement.
    """
    if value is None:
        return verb == "require"
    if isinstance(condition, bool):
        return value is condition
    if isinstance(condition, Bound):
        return _is_within_bound(_value_rank(value), condition)
    return value in _as_names(condition)


def _is_within_bound(rank: float, bound: Bound) -> bool:
    return (bound.min is None or rank >= _value_rank(bound.min)) and (
        bound.max is None or rank <= _value_rank(bound.max)
    )


def _value_rank(value: str | float) -> float:
    return SEVERITY_RANKS[value] if isinstance(value, str) else value


def _as_names(condition: str | Names) -> Names:
    return (condition,) if isinstance(condition, str) else condition


def rule_categories(when: When) -> Names:
    """The categories a rule names; empty when it applies to all."""
    condition = when.get("category", ())
    return _as_names(condition) if isinstance(condition, str | tuple) else ()


def implies_conditions(narrow: When, wide: When) -> bool:
    """Whether `wide` holds wherever `narrow` does. Both are of rules with the same verb."""
    return all(
        name in narrow and _implies_condition(narrow[name], condition)
        for name, condition in wide.items()
    )


def _implies_condition(narrow: Condition, wide: Condition) -> bool:
    if isinstance(narrow, Bound) and isinstance(wide, Bound):
        end = narrow.min if narrow.max is None else narrow.max
        return end is not None and _is_within_bound(_value_rank(end), wide)
    if isinstance(narrow, str | tuple) and isinstance(wide, str | tuple):
        return set(_as_names(narrow)) <= set(_as_names(wide))
    return narrow == wide


def when_schema(verb: Verb) -> dict[str, Any]:
    """JSON Schema of a rule's conditions: exactly those that `condition_fault` accepts."""
    properties = {name: _condition_schema(verb, fact) for name, fact in FACTS.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _condition_schema(verb: Verb, fact: Fact) -> dict[str, Any]:
    if fact.kind == "name":
        name = {"type": "string", "minLength": 1}
        return {
            "anyOf": [
                name,
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    if fact.kind == "flag":
        return {"enum": list(_allowed_flags(verb, fact))}
    end = _allowed_end(verb, fact)
    value = (
        {"enum": list(SEVERITIES)} if fact.kind == "severity" else {"type": "number"}
    )
    return {
        "type": "object",
        "properties": {end: value},
        "required": [end],
        "additionalProperties": False,
    }
