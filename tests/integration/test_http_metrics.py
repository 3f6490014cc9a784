"""What Prometheus is told: calls, tokens, seconds, cost, circuits; where, and whether at all."""

import re
from collections.abc import Mapping

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from contracts.errors import UnavailableError
from contracts.usage import Usage
from engines.models.breaker import BreakerState
from engines.models.records import CallRecord, ModelState
from server.api.health import judge_providers
from server.metrics import Metrics
from server.model_health import list_model_health
from tests.conftest import free_port
from tests.integration.modelled import PRICES, Service, within

PORT = free_port()
OWN_PORT = {
    "LLM_BASE_URL": "{stub}/v1",
    "DEFAULT_MODEL": "m",
    "LLM_PRICES": "{folder}/prices.yaml",
    "LLM_CACHE_SIZE": "0",
    "PROMETHEUS_METRICS_ENABLED": "false",
    "METRICS_PORT": str(PORT),
}


def numbers(page: str) -> Mapping[tuple[str, ...], float]:
    """The numbers of a page by name and the values of their labels."""
    return {
        (
            sample.name.removeprefix("ticketgraph_model_"),
            *sample.labels.values(),
        ): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def told() -> Mapping[tuple[str, ...], float]:
    """What the metrics' own port tells."""
    async with httpx.AsyncClient() as client:
        return numbers((await client.get(f"http://127.0.0.1:{PORT}/metrics")).text)


@within(OWN_PORT)
async def test_metrics_port_tells_of_circuits_before_the_first_call(
    service: Service,
) -> None:
    now = await told()
    for name, whose in (
        ("circuit", "compatible/m"),
        ("provider_circuit", "compatible"),
    ):
        assert (now[name, whose, "closed"], now[name, whose, "open"]) == (1, 0)
    assert now["spent_today_usd",] == 0


@within(OWN_PORT)
async def test_every_call_is_counted_with_its_tokens_and_cost(service: Service) -> None:
    assert PRICES.count("10000") == 1
    service.stub.then("malformed")
    await service.step()
    now = await told()
    where = ("customer_support", "compatible/m")
    assert now["calls_total", *where, "Unreadable", "classify"] == 1
    assert now["calls_total", *where, "ok", "classify"] == 1
    for kind, tokens in (("prompt", 200), ("completion", 40), ("cached", 80)):
        assert (
            now["tokens_total", "customer_support", kind, "compatible/m", "classify"]
            == tokens
        )
    assert now["cost_usd_total", *where, "classify"] == pytest.approx(0.4)
    assert now["call_seconds_count", "compatible/m", "classify"] == 2
    assert now["spent_today_usd",] == pytest.approx(0.4)


@within(OWN_PORT)
async def test_a_circuit_that_opens_is_told(service: Service) -> None:
    service.stub.mode = "401"
    await service.step("extract")
    await service.step("extract")
    now = await told()
    assert now["provider_circuit", "compatible", "open"] == 1
    assert now["circuit", "compatible/m", "open"] == 1
    assert now["circuit", "compatible/m", "closed"] == 0
    where = ("customer_support", "compatible/m")
    assert now["calls_total", *where, "KeyRefused", "extract"] == 1
    assert now["calls_total", *where, "CircuitOpen", "extract"] == 1
    assert now["call_seconds_count", "compatible/m", "extract"] == 1, (
        "what was not sent took no time"
    )
    assert await service.model() == "compatible/m: unavailable"


@within(OWN_PORT)
async def test_prometheus_metrics_enabled_is_about_the_main_port(
    service: Service,
) -> None:
    answer = await service.http.get("/metrics")
    assert answer.status_code == 404
    assert "PROMETHEUS_METRICS_ENABLED=true" in answer.json()["detail"]


def test_metrics_are_on_the_main_port_by_default(http: httpx.Client) -> None:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "ticketgraph_model_calls" in answer.text
    assert "ticketgraph_model_circuit" not in answer.text, (
        "there are none without a model"
    )


@pytest.mark.parametrize(
    ("first", "second", "worst"),
    [
        ("open", "closed", "open"),
        ("half_open", "open", "open"),
        ("closed", "half_open", "half_open"),
        ("closed", "closed", "closed"),
    ],
)
def test_each_model_has_its_circuit_and_a_provider_the_worst_of_them(
    first: BreakerState, second: BreakerState, worst: BreakerState
) -> None:
    models = ModelState("p/m", "p/n", {"p/m": first, "p/n": second}, 0.0)
    metrics = Metrics()
    with metrics.export_model_states(lambda: models, None):
        now = numbers(metrics.render_page().decode())
    told = {key for key, value in now.items() if key[0].endswith("circuit") and value}
    assert told == {
        ("circuit", "p/m", first),
        ("circuit", "p/n", second),
        ("provider_circuit", "p", worst),
    }
    shown = list_model_health(models, metrics.recent_calls)
    assert [(model.id, model.circuit) for model in shown] == [
        ("p/m", first),
        ("p/n", second),
    ]
    states = {"open": "unavailable", "half_open": "degraded", "closed": "healthy"}
    assert [model.state for model in shown] == [states[first], states[second]]
    together = states[first] if first == second else "degraded"
    assert judge_providers(shown) == {"model": together, "provider p": together}


def test_a_port_that_is_taken_is_a_sentence() -> None:
    state = ModelState("p/m", None, {}, 0.0)
    port = free_port()
    with Metrics().export_model_states(lambda: state, port):
        sentence = f"127.0.0.1, METRICS_PORT {port}: Address already in use"
        with (
            pytest.raises(UnavailableError, match=re.escape(sentence)),
            Metrics().export_model_states(lambda: state, port),
        ):
            pytest.fail("both have the port")


def test_labels_hold_no_tickets() -> None:
    metrics = Metrics()
    metrics.count_call(
        CallRecord("draft", "desk", "p/m", "ok", 0.5, Usage(calls=1, prompt_tokens=7))
    )
    labels = {
        label
        for family in text_string_to_metric_families(metrics.render_page().decode())
        for sample in family.samples
        for label in sample.labels
    }
    assert labels == {"desk", "kind", "le", "model", "outcome", "step"}
