"""What a case of `cases/*.yaml` expects, compared with what the service answered.

Only the keys that a case gives are promised. A list under `fields` is exact; elsewhere it
means any of these.
"""

import re
from typing import Any

PATHS = {
    "process": "/api/v1/workflow/process",
    "classify": "/api/v1/workflow/classify",
    "extract": "/api/v1/workflow/extract",
    "respond": "/api/v1/workflow/respond",
    "route": "/api/v1/workflow/route",
    "webhook": "/webhook/ticket",
}


def request_of(group: str, case: dict[str, Any]) -> dict[str, Any]:
    """The body that a case sends."""
    if group != "process":
        return case["body"]
    return {
        "ticket": case["ticket"],
        **({"options": case["options"]} if "options" in case else {}),
    }


def flattened(group: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer by the names that cases use."""
    if group != "process":
        return answer
    draft = answer["response_draft"] or {}
    return {
        **answer["classification"],
        **(answer["routing"] or {}),
        "fields": answer["extracted_fields"]["fields"],
        "tone": draft.get("tone"),
        "disposition": answer["disposition"],
        "injection_flag": answer["injection_flag"],
    }


def differences(group: str, case: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """Every promise that the answer does not keep; empty when it keeps all."""
    flat = flattened(group, answer)
    return [
        said
        for key, wanted in case["expect"].items()
        if (said := difference(key, wanted, flat))
    ]


def difference(key: str, wanted: Any, flat: dict[str, Any]) -> str | None:
    """What is wrong with one promised key, or None."""
    if key == "fields":
        found = {field["name"]: field["value"] for field in flat["fields"]}
        wrong = {
            name: found.get(name)
            for name, value in wanted.items()
            if found.get(name) != value
        }
        return f"fields: wanted {wanted}, got {wrong}" if wrong else None
    held, got = {
        "timeline_mentions": lambda: (wanted in flat["timeline"], flat["timeline"]),
        "suggested_actions_at_least": lambda: (
            len(flat["suggested_actions"]) >= wanted,
            flat["suggested_actions"],
        ),
        "alternative_teams_include": lambda: (
            wanted in flat["alternative_teams"],
            flat["alternative_teams"],
        ),
        "ticket_id_pattern": lambda: (
            bool(re.fullmatch(wanted.strip("^$"), flat["ticket_id"])),
            flat["ticket_id"],
        ),
        "secondary_categories": lambda: (set(wanted) <= set(flat[key]), flat[key]),
        "urgency_indicators": lambda: (set(wanted) <= set(flat[key]), flat[key]),
    }.get(key, lambda: (matches(wanted, flat.get(key)), flat.get(key)))()
    return None if held else f"{key}: wanted {wanted}, got {got}"


def matches(wanted: Any, got: Any) -> bool:
    """Equality; a list of wanted values means any of these, an empty one means empty."""
    return (
        got in wanted
        if isinstance(wanted, list) and wanted
        else list(got) == wanted
        if wanted == []
        else got == wanted
    )
