"""Plausible values for a JSON Schema, wherever in the request it stands."""

import json
from collections.abc import Mapping
from typing import Any


def schema_in(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema of a request.

    Of its response format, of its forced tool, or in the words of its messages.
    """
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return wanted["json_schema"]["schema"]
    if "schema" in wanted:
        return wanted["schema"]
    if body.get("tools"):
        return body["tools"][0]["function"]["parameters"]
    return next((found for text in texts_of(body) if (found := _in_words(text))), None)


def texts_of(body: Mapping[str, Any]) -> list[str]:
    """What the messages say."""
    return [
        message["content"]
        for message in body.get("messages", [])
        if isinstance(message.get("content"), str)
    ]


def _in_words(text: str) -> dict[str, Any] | None:
    at = text.find('{"')
    while at >= 0:
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
        except json.JSONDecodeError:
            end = at + 1
        else:
            if "properties" in value:
                return value
        at = text.find('{"', end)
    return None


def fill(schema: Mapping[str, Any], text: str, name: str = "answer") -> Any:
    """A value of the schema.

    Of an enum the first that the text mentions, of a text its own name.
    """
    if "enum" in schema:
        mentioned = [
            value
            for value in schema["enum"]
            if str(value).replace("_", " ") in text.lower()
        ]
        return (mentioned or schema["enum"])[0]
    if "anyOf" in schema:
        return fill(schema["anyOf"][0], text, name)
    if schema.get("type") == "object":
        return {
            key: fill(part, text, key)
            for key, part in schema.get("properties", {}).items()
        }
    if schema.get("type") == "array":
        return [
            fill(schema["items"], text, name) for _ in range(schema.get("minItems", 0))
        ]
    number = schema.get("minimum", 1)
    plain = {"boolean": True, "integer": number, "number": number, "null": None}
    return plain.get(schema.get("type", ""), f"A {name.replace('_', ' ')}.")
