"""The ladder of ways to ask a model for JSON, strictest first, and which each model takes."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import SecretStr

from engines.models.settings import ProviderName

Rung = Literal["json_schema", "json_object", "tool", "prose"]
"""A strict schema; a JSON object; the arguments of a forced tool; a request in words."""

RUNG_ORDER: tuple[Rung, ...] = ("json_schema", "json_object", "tool", "prose")


@dataclass(frozen=True)
class ModelSpec:
    """One model, where it is called and how it is asked."""

    provider: ProviderName
    name: str
    base_url: str
    api_key: SecretStr
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    rungs: tuple[Rung, ...] = RUNG_ORDER
    temperature: float = 0.0
    max_tokens: int = 1024
    azure_version: str | None = None

    @property
    def id(self) -> str:
        """As `provider/name`."""
        return f"{self.provider}/{self.name}"


REFUSAL_MEMORY_SECONDS = 600.0
"""Seconds after which a refused rung is tried again.

So a refusal that was misread, or that the provider has fixed, is forgotten.
"""

RETRIAL_SPACING_SECONDS = 60.0
"""Seconds, at least, between retrying two refused rungs.

A step has calls enough for one refusal, not for three.
"""


class RungMemory:
    """Remembers for a while which rungs each model refused."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused_until: dict[str, dict[Rung, float]] = {}

    def current_rung(self, spec: ModelSpec) -> Rung:
        """The strictest rung that the model has not refused lately, or its last one."""
        return self._first_unrefused(spec) or spec.rungs[-1]

    def record_refusal(self, spec: ModelSpec, rung: Rung) -> Rung | None:
        """Remember a refusal. Returns the next rung to try; None when there is no other."""
        now, until = self._clock(), self._refused_until.setdefault(spec.id, {})
        for other in until:
            until[other] = max(until[other], now + RETRIAL_SPACING_SECONDS)
        until[rung] = now + REFUSAL_MEMORY_SECONDS
        return self._first_unrefused(spec)

    def _first_unrefused(self, spec: ModelSpec) -> Rung | None:
        now, until = self._clock(), self._refused_until.get(spec.id, {})
        return next((rung for rung in spec.rungs if until.get(rung, now) <= now), None)


def build_format_request(
    rung: Rung, schema: Mapping[str, Any], name: str, *, in_object: bool
) -> dict[str, Any]:
    """The part of a request that asks for JSON of this schema.

    in_object: the provider takes a schema together with `json_object`.
    """
    if rung == "json_schema":
        wanted = {"name": name, "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": wanted}}
    if rung == "json_object":
        return {
            "response_format": {
                "type": "json_object",
                **({"schema": schema} if in_object else {}),
            }
        }
    if rung == "tool":
        function = {
            "name": name,
            "description": "Hand in the answer.",
            "parameters": schema,
        }
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": {"type": "function", "function": {"name": name}},
        }
    return {}


def build_schema_note(rung: Rung, schema: Mapping[str, Any], *, in_object: bool) -> str:
    """What the system message must add because the request does not carry the schema.

    Empty where the request does.
    """
    if rung == "prose" or (rung == "json_object" and not in_object):
        return (
            "\n\nAnswer with one JSON object and nothing else. Its JSON "
            f"Schema:\n{json.dumps(schema)}"
        )
    return ""
