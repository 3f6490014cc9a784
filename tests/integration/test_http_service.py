"""The service itself.

What it says it is, whether it is well, and pages that need nothing from elsewhere.
"""

import re
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import httpx

BROWSER = {"accept": "text/html,application/xhtml+xml"}


def test_the_root_is_json_for_clients_and_a_page_for_browsers(
    http: httpx.Client,
) -> None:
    welcome = http.get("/").json()
    assert (welcome["name"], welcome["version"]) == (
        "TicketGraph",
        version("ticketgraph"),
    )
    for name in ("docs", "health"):
        assert http.get(welcome[name]).status_code == 200
    page = http.get("/", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    for link in re.findall(r'href="(/[^"]*)"', page.text):
        assert http.get(link).status_code == 200, link


def test_health_is_honest(http: httpx.Client) -> None:
    health = http.get("/health").json()
    assert health["status"] == "healthy"
    assert health["version"] == version("ticketgraph")
    assert health["ai_enabled"] is False
    assert health["dependencies"] == {
        "database": "healthy",
        "workers": "healthy",
        "model": "not_configured",
        "delivery_webhook": "not_configured",
    }
    assert health["models"] == []
    assert datetime.now(UTC) - datetime.fromisoformat(health["timestamp"]) < timedelta(
        minutes=1
    )


def test_docs_bring_their_own_scripts(http: httpx.Client) -> None:
    page = http.get("/docs", headers=BROWSER)
    assert page.status_code == 200
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert any(part.endswith(".js") for part in parts)
    for part in parts:
        assert part.startswith(("/docs/", "data:,")), part
        if part.startswith("/"):
            answer = http.get(part)
            assert (answer.status_code, bool(answer.content)) == (200, True), part
    assert http.get("/docs/nothing.js").status_code == 404


def test_every_answer_forbids_what_comes_from_elsewhere(http: httpx.Client) -> None:
    for path in (
        "/",
        "/docs",
        "/health",
        "/openapi.json",
        "/api/v1/tickets",
        "/nowhere",
    ):
        policy = http.get(path, headers=BROWSER).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert "unsafe" not in policy
