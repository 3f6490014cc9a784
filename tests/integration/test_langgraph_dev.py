"""LangGraph's own server on our graph, driven the way LangGraph Studio, Agent Inbox and
Agent Chat UI drive it."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from langgraph_sdk import get_client
from langgraph_sdk.errors import BadRequestError

from graph.build import NODES
from tests.conftest import free_port
from tests.integration.studio import (
    GRAPH,
    Outside,
    Studio,
    effects,
    langgraph_dev,
    sent,
)

HARMLESS = {
    "subject": "Cannot log in",
    "body": "I forgot my password. How do I set a new one?",
    "customer_email": "ann@example.com",
}


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with Outside() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio(
    outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Studio]:
    port = free_port()
    with langgraph_dev(port, tmp_path_factory.mktemp("studio"), outside) as log:
        async with get_client(url=f"http://127.0.0.1:{port}", timeout=300) as client:
            yield Studio(client, outside, log)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def waiting(studio: Studio) -> list[str]:
    """Threads that wait for a person, made side by side; each test takes its own."""
    return list(await asyncio.gather(*(studio.waiting() for _ in range(14))))


async def test_the_input_schema_explains_itself(studio: Studio) -> None:
    given = (await studio.schemas())["input_schema"]
    assert set(given["properties"]) == {"ticket", "options"}
    assert given["required"] == ["ticket"]
    ticket = given["$defs"]["NewTicket"]["properties"]
    assert {"desk", "subject", "body", "customer_email"} <= {
        name for name in ticket if ticket[name].get("description")
    }
    assert ticket["desk"]["default"] == "customer_support"
    options = given["$defs"]["RunOptions"]["properties"]
    assert options["response_tone"]["anyOf"][0]["enum"] == [
        "formal",
        "friendly",
        "technical",
    ]
    assert given["properties"]["options"]["default"]["enable_parallel"] is True


async def test_the_other_schemas_show_the_state_and_no_internals(
    studio: Studio,
) -> None:
    schemas = await studio.schemas()
    assert not schemas["context_schema"]
    assert not schemas["config_schema"]
    for shown in ("output_schema", "state_schema"):
        assert {"ticket", "classification", "draft", "decision", "delivery"} <= set(
            schemas[shown]["properties"]
        )


async def test_the_graph_is_drawn_with_what_each_node_is_for(studio: Studio) -> None:
    drawn: Any = await studio.client.assistants.get_graph(GRAPH)
    nodes = {node["id"]: node.get("metadata", {}) for node in drawn["nodes"]}
    assert set(nodes) == {"__start__", *(node.__name__ for node in NODES), "__end__"}
    assert all(
        nodes[node.__name__]["purpose"] and nodes[node.__name__]["rule"]
        for node in NODES
    )
    labels = {
        (edge["source"], edge["target"]): edge.get("data") for edge in drawn["edges"]
    }
    assert labels["gate", "fallback"] == "in doubt"
    assert labels["route", "escalate"] == "needs a person"
    assert labels["route", "deliver"] == "may go out"
    assert labels["escalate", "draft"] == "rejected with guidance"


async def test_a_ticket_given_as_plain_json_runs_to_its_end(studio: Studio) -> None:
    values = await studio.process(HARMLESS)
    assert values["ticket"]["id"] == f"studio-{values['run_id']}"
    assert values["classification"]["category"] == "account"
    assert values["decision"]["needs_approval"] is False
    assert values["draft"]["sources"] == ["reset-password"]
    assert effects(values)["assignment"] == "account_management"
    assert values["delivery"]["simulated"] is True


async def test_options_change_the_run(studio: Studio) -> None:
    formal, undrafted = await asyncio.gather(
        studio.process(HARMLESS, response_tone="formal", enable_parallel=False),
        studio.process(HARMLESS, skip_response=True),
    )
    assert formal["draft"]["tone"] == "formal"
    assert undrafted.get("draft") is None
    assert {step["step_name"]: step["status"] for step in undrafted["steps"]}[
        "draft"
    ] == "skipped"


async def test_another_desk_is_a_word_away(studio: Studio) -> None:
    values = await studio.process({**HARMLESS, "desk": "internal_helpdesk"})
    assert values["classification"]["category"] == "IT"
    assert values["delivery"]["simulated"] is True


async def test_an_unknown_desk_is_told_the_known_ones(studio: Studio) -> None:
    values = await studio.process({**HARMLESS, "desk": "nowhere"})
    assert values["__error__"] == {
        "error": "ValueError",
        "message": "There is no such desk. Choose one of: customer_support, internal_helpdesk.",
    }


async def test_a_misspelt_field_is_named(studio: Studio) -> None:
    values = await studio.process({"subject": "Hello", "boddy": "?"})
    assert "boddy" in values["__error__"]["message"]


async def test_the_question_is_one_that_both_clients_show(
    studio: Studio, waiting: list[str]
) -> None:
    thread_id = waiting.pop()
    thread = await studio.client.threads.get(thread_id)
    assert thread["status"] == "interrupted"
    ((interrupt,),) = thread["interrupts"].values()
    question: Any = interrupt["value"]
    reply = question["request"]["draft"]
    assert question["action_request"] == {
        "action": "send_reply",
        "args": {"reply": reply},
    }
    assert question["config"] == dict.fromkeys(
        ("allow_accept", "allow_edit", "allow_ignore", "allow_respond"), True
    )
    assert question["action_requests"][0]["args"] == {"reply": reply}
    assert question["review_configs"][0]["allowed_decisions"] == [
        "approve",
        "edit",
        "reject",
    ]
    assert all(
        text in question["description"]
        for text in (reply, *question["request"]["reasons"])
    )
    assert question["request"]["reasons"]
    state = await studio.client.threads.get_state(thread_id)
    assert state["next"] == ["escalate"]


def edit(text: str) -> dict[str, Any]:
    return {"action": "send_reply", "name": "send_reply", "args": {"reply": text}}


@pytest.mark.parametrize(
    ("reply", "decided", "text", "team"),
    [
        ([{"type": "accept", "args": None}], "approve", "the draft", "general_support"),
        (
            [{"type": "edit", "args": edit("My words.")}],
            "edit",
            "My words.",
            "general_support",
        ),
        ([{"type": "ignore", "args": None}], "reject", None, "general_support"),
        (
            {"decisions": [{"type": "approve"}]},
            "approve",
            "the draft",
            "general_support",
        ),
        (
            {"decisions": [{"type": "edit", "edited_action": edit("My words.")}]},
            "edit",
            "My words.",
            "general_support",
        ),
        ({"decisions": [{"type": "reject"}]}, "reject", None, "general_support"),
        (
            {"type": "respond", "text": "I call you."},
            "respond",
            "I call you.",
            "general_support",
        ),
        (
            {"type": "reassign", "team": "product_team"},
            "reassign",
            None,
            "product_team",
        ),
    ],
)
async def test_every_shape_of_reply_is_understood(
    studio: Studio,
    waiting: list[str],
    reply: Any,
    decided: str,
    text: str | None,
    team: str,
) -> None:
    values = await studio.run(waiting.pop(), command={"resume": reply})
    assert values["approval"]["type"] == decided
    assert sent(values) == (values["draft"]["content"] if text == "the draft" else text)
    assert effects(values)["assignment"] == team
    assert values["delivery"]["simulated"] is True


@pytest.mark.parametrize(
    "reply",
    [
        [{"type": "response", "args": "Name the incident."}],
        {"decisions": [{"type": "reject", "message": "Name the incident."}]},
    ],
)
async def test_guidance_asks_for_another_draft_and_then_again(
    studio: Studio, waiting: list[str], reply: Any
) -> None:
    thread_id = waiting.pop()
    values = await studio.run(thread_id, command={"resume": reply})
    assert values["approval"]["guidance"] == "Name the incident."
    assert values["__interrupt__"][0]["value"]["request"]["round"] == 1
    values = await studio.run(
        thread_id, command={"resume": {"type": "approve", "decided_by": "ada"}}
    )
    assert values["approval"] == {
        **values["approval"],
        "type": "approve",
        "decided_by": "ada",
    }
    assert sent(values) == values["draft"]["content"]


async def test_a_reply_that_cannot_be_used_is_asked_again(
    studio: Studio, waiting: list[str]
) -> None:
    thread_id = waiting.pop()
    for reply, problem in (
        ("yes", "an Agent Inbox list of one"),
        (
            {"type": "reassign", "team": "nobody"},
            "This desk has no such team. Choose one of: technical_support",
        ),
    ):
        values = await studio.run(thread_id, command={"resume": reply})
        question = values["__interrupt__"][0]["value"]
        assert problem in question["problem"]
        assert question["problem"] in question["description"]
        assert (await studio.client.threads.get(thread_id))["status"] == "interrupted"
    values = await studio.run(
        thread_id, command={"resume": [{"type": "accept", "args": None}]}
    )
    assert values["approval"]["type"] == "approve"
    assert sent(values) == values["draft"]["content"]


async def test_history_replay_and_forks(studio: Studio, waiting: list[str]) -> None:
    thread_id = waiting.pop()
    history = await studio.client.threads.get_history(thread_id, limit=100)
    assert [sorted(state["next"]) for state in reversed(history)] == [
        ["__start__"],
        ["sanitize"],
        ["dedup"],
        ["classify", "extract", "retrieve"],
        ["gate"],
        ["draft"],
        ["route"],
        ["escalate"],
    ]
    at = await studio.checkpoints(thread_id)

    replayed = await studio.run(thread_id, checkpoint=at["draft"])
    assert replayed["__interrupt__"][0]["value"]["request"]["round"] == 0

    harmless = {
        "category": "billing",
        "category_confidence": 0.9,
        "severity": "low",
        "severity_confidence": 0.9,
    }
    changed = {"classification": harmless}
    await studio.client.threads.update_state(
        thread_id, changed, as_node="classify", checkpoint=at["gate"]
    )
    forked = await studio.run(thread_id, input=None)
    assert forked["classification"]["severity"] == "low"
    assert effects(forked) == {"assignment": "billing_team"}
    assert forked["delivery"]["simulated"] is True

    decision = {**forked["decision"], "team": "product_team"}
    await studio.client.threads.update_state(
        thread_id, {"decision": decision}, as_node="route", checkpoint=at["escalate"]
    )
    assert (await studio.client.threads.get_state(thread_id))["next"] == ["deliver"]
    assert effects(await studio.run(thread_id, input=None)) == {
        "assignment": "product_team"
    }


async def test_an_edit_that_does_not_fit_the_state_is_refused(
    studio: Studio, waiting: list[str]
) -> None:
    thread_id = waiting.pop()
    with pytest.raises(BadRequestError, match=re.escape("draft.content")):
        await studio.client.threads.update_state(thread_id, {"draft": {"content": 3}})
    assert (await studio.client.threads.get_state(thread_id))["next"] == ["escalate"]


async def test_nothing_left_the_machine_and_nothing_blocked_the_loop(
    studio: Studio,
) -> None:
    """Runs last: it is about everything above."""
    log = studio.log.read_text()
    assert "Background run succeeded" in log
    assert "Blocking call" not in log
    assert "Slow graph load" not in log
    assert "not in allowed_msgpack_modules" not in log
    assert studio.outside.heard == []
