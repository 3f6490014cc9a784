"""Requests that have to be refused, and texts that have to be taken.

What tests/integration/test_bad_input.py sends.
"""

import json
from collections.abc import Callable
from typing import Any

MARKER = "planted-7c1e"
EMAIL = "bad-input@example.com"

Body = dict[str, Any]


def flat(text: str) -> Body:
    """A ticket as most endpoints take it."""
    return {"subject": "Printer", "body": text, "customer_email": EMAIL}


def understood(text: str) -> Body:
    """A ticket with its classification."""
    return {
        "ticket": flat(text),
        "classification": {"category": "technical", "severity": "low"},
    }


def webhook(text: str) -> Body:
    """A ticket of the helpdesk."""
    return {"title": "Printer", "description": text, "email": EMAIL}


ENDPOINTS: dict[str, Callable[[str], Body]] = {
    "/api/v1/workflow/process": flat,
    "/api/v1/workflow/classify": flat,
    "/api/v1/workflow/extract": flat,
    "/api/v1/workflow/respond": understood,
    "/api/v1/workflow/route": understood,
    "/api/v1/tickets": flat,
    "/tickets/": flat,
    "/webhook/ticket": webhook,
    "/api/v1/approvals/{approval}/decision": lambda text: {
        "type": "edit",
        "text": text,
    },
    "/api/v1/runs/{run}/fork": lambda text: {"body": text},
}


def raw(text: bytes) -> Callable[[Callable[[str], Body]], bytes]:
    """The endpoint's valid body with these bytes in the place of its text."""
    return lambda make: json.dumps(make("@@")).encode().replace(b"@@", text)


def bare(literal: bytes) -> Callable[[Callable[[str], Body]], bytes]:
    """The endpoint's valid body with this literal in the place of its text and the quotes
    around it."""
    return lambda make: json.dumps(make("@@")).encode().replace(b'"@@"', literal)


BAD: dict[str, Callable[[Callable[[str], Body]], bytes]] = {
    "nothing": lambda _: b"",
    "empty text": raw(b""),
    "white space": raw(b"  \\n\\t "),
    "array": lambda make: json.dumps([make(MARKER)]).encode(),
    "string": lambda _: json.dumps(MARKER).encode(),
    "number": lambda _: b"17",
    "null": lambda _: b"null",
    "not JSON": lambda _: f"subject={MARKER}".encode(),
    "truncated": lambda make: json.dumps(make(MARKER)).encode()[:-4],
    "two values": lambda make: json.dumps(make(MARKER)).encode() * 2,
    "invalid UTF-8": raw(MARKER.encode() + b" caf\xe9 \xff"),
    "UTF-16": lambda make: json.dumps(make(MARKER)).encode("utf-16"),
    "NUL escaped": raw(MARKER.encode() + b"\\u0000"),
    "NUL raw": raw(MARKER.encode() + b"\x00"),
    "NUL in a key": lambda make: json.dumps({**make("x"), f"{MARKER}\x00": 1}).encode(),
    "lone surrogate": raw(MARKER.encode() + b" \\ud800 end"),
    "NaN": bare(b"NaN"),
    "infinity": bare(b"-Infinity"),
    "huge integer": bare(b"1" + b"0" * 5000),
    "number for text": bare(b"7"),
    "true for text": bare(b"true"),
    "object for text": lambda make: (
        json.dumps(make("@@")).replace('"@@"', json.dumps({MARKER: MARKER})).encode()
    ),
    "list for text": lambda make: (
        json.dumps(make("@@")).replace('"@@"', json.dumps([MARKER])).encode()
    ),
    "50,001 characters": raw(MARKER.encode() + b"x" * 50_001),
    "1 MiB": raw(MARKER.encode() + b"x" * 1_048_576),
    "10 MiB": raw(MARKER.encode() + b"x" * 10_485_760),
    "nested 20,000 deep": lambda _: b'{"ticket":' * 20_000,
    "nested 20,000 deep and closed": lambda _: (
        b'{"ticket":' * 20_000 + b"1" + b"}" * 20_000
    ),
    "nested 100 deep": bare(b"[" * 100 + b"]" * 100),
}

WRONG: list[tuple[str, Body]] = [
    ("/api/v1/workflow/process", {}),
    ("/api/v1/workflow/process", {"ticket": {}}),
    ("/api/v1/workflow/process", {"ticket": MARKER}),
    ("/api/v1/workflow/process", {"ticket": None}),
    ("/api/v1/workflow/process", {"ticket": flat("x"), "options": MARKER}),
    (
        "/api/v1/workflow/process",
        {"ticket": flat("x"), "options": {"enable_parallel": MARKER}},
    ),
    (
        "/api/v1/workflow/process",
        {"ticket": flat("x"), "options": {"response_tone": MARKER}},
    ),
    ("/api/v1/workflow/process", flat("x") | {"subject": MARKER + "s" * 500}),
    ("/api/v1/workflow/process", flat("x") | {"customer_email": MARKER}),
    ("/api/v1/workflow/process", flat("x") | {"customer_email": f"{MARKER}@a@b"}),
    ("/api/v1/workflow/process", flat("x") | {"customer_email": f"{MARKER}\n@b"}),
    ("/api/v1/workflow/process", flat("x") | {"customer_id": MARKER + "i" * 100}),
    ("/api/v1/workflow/process", flat("x") | {"metadata": [MARKER]}),
    (
        "/api/v1/workflow/process",
        flat("x") | {"metadata": {f"{MARKER}{n}": n for n in range(101)}},
    ),
    (
        "/api/v1/workflow/process",
        flat("x") | {"metadata": {"bomb": {f"{MARKER}{n}": n for n in range(20_000)}}},
    ),
    ("/api/v1/workflow/process", flat("x") | {"metadata": {"bomb": MARKER * 50_000}}),
    ("/api/v1/workflow/process", flat("x") | {"desk": MARKER}),
    ("/api/v1/workflow/classify", {"ticket": flat("x") | {"desk": f"../{MARKER}"}}),
    ("/api/v1/workflow/extract", {"ticket": flat("x"), "category": MARKER}),
    ("/api/v1/workflow/extract", {"ticket": flat("x"), "category": 7}),
    ("/api/v1/workflow/respond", {"ticket": flat("x")}),
    ("/api/v1/workflow/respond", understood("x") | {"options": {"tone": MARKER}}),
    (
        "/api/v1/workflow/respond",
        understood("x") | {"extraction": {"fields": [{"name": MARKER}]}},
    ),
    (
        "/api/v1/workflow/respond",
        understood("x")
        | {"extraction": {"fields": [{"name": "a", "value": {}}] * 101}},
    ),
    (
        "/api/v1/workflow/route",
        {
            "ticket": flat("x"),
            "classification": {"category": MARKER, "severity": "low"},
        },
    ),
    (
        "/api/v1/workflow/route",
        {
            "ticket": flat("x"),
            "classification": {"category": "billing", "severity": MARKER},
        },
    ),
    (
        "/api/v1/workflow/route",
        {
            "ticket": flat("x"),
            "classification": {
                "category": "billing",
                "severity": "low",
                "category_confidence": 7,
            },
        },
    ),
    ("/api/v1/tickets", flat("x") | {"desk": MARKER}),
    ("/tickets/", {"subject": MARKER}),
    ("/tickets/", flat("x") | {"desk": MARKER}),
    ("/webhook/ticket", webhook("x") | {"title": MARKER + "t" * 200}),
    ("/webhook/ticket", webhook("x" * 5001)),
    ("/webhook/ticket", webhook("x") | {"priority": MARKER}),
    ("/webhook/ticket", webhook("x") | {"email": ""}),
    ("/api/v1/approvals/{approval}/decision", {}),
    ("/api/v1/approvals/{approval}/decision", {"type": MARKER}),
    ("/api/v1/approvals/{approval}/decision", {"type": "reassign", "team": MARKER}),
    ("/api/v1/approvals/{approval}/decision", {"type": "reassign"}),
    ("/api/v1/approvals/{approval}/decision", {"type": "edit"}),
    (
        "/api/v1/approvals/{approval}/decision",
        {"type": "respond", "text": "t" * 20_001},
    ),
    (
        "/api/v1/approvals/{approval}/decision",
        {"type": "reject", "guidance": MARKER * 1000},
    ),
    ("/api/v1/runs/{run}/fork", {"subject": "", "body": MARKER}),
    ("/api/v1/runs/{run}/fork", {"checkpoint_id": MARKER * 10}),
    ("/api/v1/runs/{run}/fork", {"checkpoint_id": MARKER, "body": "changed"}),
    ("/api/v1/runs/{run}/fork", {"options": {"skip_routing": [MARKER]}}),
]
QUERIES = [
    "/api/v1/tickets?page=0",
    "/api/v1/tickets?page=-1",
    "/api/v1/tickets?page=1000001",
    "/api/v1/tickets?page=99999999999999999999999",
    f"/api/v1/tickets?page={MARKER}",
    "/api/v1/tickets?page=1.5",
    "/api/v1/tickets?page_size=0",
    "/api/v1/tickets?page_size=201",
    "/api/v1/tickets?limit=0",
    "/api/v1/tickets?limit=201",
    "/api/v1/tickets?offset=-1",
    f"/api/v1/tickets?category={MARKER * 40}",
    f"/api/v1/tickets?severity={MARKER}",
    f"/api/v1/tickets?priority={MARKER}",
    f"/api/v1/tickets?status={MARKER}",
    f"/api/v1/tickets?status=resolved&{MARKER}=1",
    f"/tickets/?{MARKER}=1",
    "/tickets/?status=resolved",
    f"/api/v1/approvals?{MARKER}=1",
    f"/api/v1/dead-letters?{MARKER}=1",
    f"/api/v1/effects?{MARKER}=1",
    f"/api/v1/effects?status={MARKER}",
    f"/api/v1/runs/0?{MARKER}=1",
    "/tickets/?limit=0",
    "/tickets/?offset=99999999999",
    f"/api/v1/approvals?status={MARKER}",
    "/api/v1/approvals?limit=501",
]
IDS = [
    MARKER,
    "%00",
    "%0A",
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e",
    "%ff%fe",
    "' OR 1=1 --",
    "{{7*7}}",
    "0",
    MARKER + "i" * 10_000,
]
BY_ID = [
    ("GET", "/api/v1/tickets/{}"),
    ("GET", "/tickets/{}"),
    ("POST", "/tickets/{}/ai-evaluate"),
    ("GET", "/webhook/ticket/{}"),
    ("GET", "/api/v1/runs/{}"),
    ("GET", "/api/v1/runs/{}/history"),
    ("GET", "/api/v1/runs/{}/events"),
    ("POST", "/api/v1/runs/{}/fork"),
    ("GET", "/api/v1/approvals/{}"),
    ("POST", "/api/v1/approvals/{}/decision"),
]
HOSTILE = {
    "html": "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "sql": "'); DROP TABLE tickets;-- ' OR '1'='1",
    "templates": "{{7*7}} ${7*7} %s %(x)s {0} {body} {0.__class__} {% raw %} #{1+1}",
    "bidi": "\u202eevil\u202c a\u200bb \u2066x\u2069",
    "ansi": "\x1b[31mred\x1b[0m \x1b]0;owned\x07 \r\n2026-01-01 ERROR root logged in",
    "digits": "5" * 40_000,
    "addresses": "a@" * 20_000,
    "astral": "\U0001f600 \U00010348 e\u0301 \ufeff \ufffe",
}
