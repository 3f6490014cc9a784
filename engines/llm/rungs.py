"""The ladder of ways to ask a model for JSON, from the strictest to none, and which of them each model takes."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from engines.llm.providers import ModelSpec

Rung = Literal["json_schema", "json_object", "tool", "prose"]
"""A strict schema; a JSON object; the arguments of a forced tool; a request in words."""

LADDER: tuple[Rung, ...] = ("json_schema", "json_object", "tool", "prose")


class Rungs:
    """Remembers, while the process lives, what each model refused."""

    def __init__(self) -> None:
        self._refused: dict[str, set[Rung]] = {}

    def current(self, spec: "ModelSpec") -> Rung:
        """The strictest way that this model has not refused; its last one when it refused them all."""
        refused = self._refused.get(spec.id) or set[Rung]()
        left: list[Rung] = [rung for rung in spec.rungs if rung not in refused]
        return left[0] if left else spec.rungs[-1]

    def refused(self, spec: "ModelSpec", rung: Rung) -> Rung | None:
        """Remember a refusal. The next way to try, or None when there is no other."""
        refused = self._refused.setdefault(spec.id, set())
        refused.add(rung)
        return next((left for left in spec.rungs if left not in refused), None)


def format_of(rung: Rung, schema: Mapping[str, Any], name: str, *, in_object: bool) -> dict[str, Any]:
    """The part of a request that asks for JSON of this schema.

    in_object: the provider takes a schema beside `json_object`.
    """
    if rung == "json_schema":
        wanted = {"name": name, "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}
    if rung == "json_object":
        return {"response_format": {"type": "json_object", **({"schema": schema} if in_object else {})}}
    if rung == "tool":
        function = {"name": name, "description": "Hand in the answer.", "parameters": schema}
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": name}},
        }
    return {}


def note_of(rung: Rung, schema: Mapping[str, Any], *, in_object: bool) -> str:
    """What the system message must add where the request itself does not carry the schema; else nothing."""
    if rung == "prose" or (rung == "json_object" and not in_object):
        return f"\n\nAnswer with one JSON object and nothing else. Its JSON Schema:\n{json.dumps(schema)}"
    return ""
