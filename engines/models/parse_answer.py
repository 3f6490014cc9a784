"""Parses a model's text into a valid answer, or a failure that does not repeat the text."""

import json
import re
from collections import deque
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engines.models.failures import Empty, Invalid, Truncated, Unreadable
from engines.models.messages import ModelReply

T = TypeVar("T", bound=BaseModel)

MAX_ANSWER_LENGTH = 500_000
"""Characters of an answer.

More than the most tokens that can be asked for (65,536, reasoning included) amount to.
"""

MAX_FAULTS = 64
"""Places that look like a JSON object and are none, before parsing gives up.

With `MAX_OBJECTS`, it bounds the time that any text can take.
"""

MAX_OBJECTS = 64
"""Objects tried as the answer, from the last one."""

OBJECT_OPENING = re.compile(r"\{\s*+(?:[\"}]|\Z)")
"""Where JSON may begin an object; a brace in prose or code seldom looks so."""

MAX_PROBLEMS = 20
"""Problems named in a failure."""

STRICT_SCHEMA_KEYS = frozenset(
    {
        "type",
        "enum",
        "const",
        "description",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
    }
)
"""The keywords of JSON Schema that every strict mode takes; we check the rest ourselves."""


def _reject_constant(_: str) -> float:
    msg = "JSON has no NaN and no infinity"
    raise ValueError(msg)


JSON_DECODER = json.JSONDecoder(strict=False, parse_constant=_reject_constant)
"""Accepts line breaks in strings, which small models write."""


def read_answer(reply: ModelReply, output: type[T]) -> T:
    """The last JSON object in the reply that is a valid `output`, whatever surrounds it.

    The last, because a model that explains first may quote the ticket, and a ticket may hold an
    answer of its own. Raises Empty, Truncated, Unreadable, Invalid, each with the reply's usage.
    """
    if reply.finish_reason == "length":
        msg = "The answer reached the most tokens it may have."
        raise Truncated(msg, reply.usage)
    if len(reply.text) > MAX_ANSWER_LENGTH:
        msg = f"The answer has more than {MAX_ANSWER_LENGTH:,} characters."
        raise Invalid(msg, reply.usage, ("answer: too_long",))
    text = reply.text.rpartition("</think>")[2]
    # PostgreSQL stores no NUL character.
    text = text.replace("\0", "").replace("\\u0000", "").strip()
    if not text:
        msg = "The answer has no text."
        raise Empty(msg, reply.usage)
    found, stops = _find_objects(text)
    problems: tuple[str, ...] = ()
    for candidate in reversed(found):
        try:
            return output.model_validate(candidate)
        except ValidationError as error:
            problems = problems or list_problems(error)
    if problems:
        msg = f"{len(problems)} of its fields are wrong."
        raise Invalid(msg, reply.usage, problems)
    if stops:
        msg = "The JSON stops in the middle."
        raise Truncated(msg, reply.usage)
    msg = "There is no JSON object in it."
    raise Unreadable(msg, reply.usage)


def _find_objects(text: str) -> tuple[deque[dict[str, Any]], bool]:
    """The last of the outermost JSON objects, and whether the last one is cut off.

    None at all after too many faults: what was found by then may be a quotation before the
    answer.
    """
    found: deque[dict[str, Any]] = deque(maxlen=MAX_OBJECTS)
    opening, stops, faults = OBJECT_OPENING.search(text), False, 0
    while opening:
        at, stops = opening.start(), False
        try:
            value, end = JSON_DECODER.raw_decode(text, at)
            found.append(value)
        except (ValueError, RecursionError) as error:
            faults += 1
            if faults > MAX_FAULTS:
                return deque(), False
            end = at + 1
            if isinstance(error, json.JSONDecodeError):
                end = max(end, error.pos)
                stops = error.pos >= len(text) or error.msg.startswith(
                    "Unterminated string"
                )
        opening = OBJECT_OPENING.search(text, end)
    return found, stops


def list_problems(error: ValidationError) -> tuple[str, ...]:
    """Paths of fields with the kind of error, no values: `fields.0.name: literal_error`."""
    named: list[str] = []
    for problem in error.errors(
        include_url=False, include_context=False, include_input=False
    ):
        # The name of a field that should not be there is the model's own words.
        path = (
            problem["loc"][:-1]
            if problem["type"] == "extra_forbidden"
            else problem["loc"]
        )
        named.append(f"{'.'.join(map(str, path)) or 'answer'}: {problem['type']}")
    return tuple(named[:MAX_PROBLEMS])


@lru_cache(maxsize=64)
def strict_schema(output: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema in the form that strict modes take. Cached: do not change it.

    All fields are required, none may be added, references are inlined. Lengths, patterns and
    defaults are left out, because not every provider takes them; we validate them ourselves.
    """
    schema = output.model_json_schema()
    return _make_strict(schema, schema.get("$defs", {}))


def _make_strict(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return _make_strict(_resolve_reference(schema, named), named)
    strict = {key: value for key, value in schema.items() if key in STRICT_SCHEMA_KEYS}
    if "const" in strict:
        strict["enum"] = [strict.pop("const")]
    if "items" in schema:
        strict["items"] = _make_strict(schema["items"], named)
    if "anyOf" in schema:
        strict["anyOf"] = [_make_strict(option, named) for option in schema["anyOf"]]
    if "properties" in schema:
        strict["properties"] = {
            name: _make_strict(part, named)
            for name, part in schema["properties"].items()
        }
        strict["required"] = list(schema["properties"])
        strict["additionalProperties"] = False
    return strict


def _resolve_reference(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in schema.items() if key != "$ref"}
    return {**named[schema["$ref"].rpartition("/")[2]], **own}
