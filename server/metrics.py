"""Metrics for Prometheus: calls of models by outcome, their time, tokens and cost."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contracts.errors import UnavailableError
from engines.models.breaker import BreakerState
from engines.models.records import STATES_BY_HEALTH, CallRecord, ModelState
from server.model_health import RecentCalls

ReadModelState = Callable[[], ModelState | None]


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.recent_calls = RecentCalls()
        labels = ("model", "step", "desk")
        self.calls = Counter(
            "ticketgraph_model_calls",
            "Calls of models by outcome",
            (*labels, "outcome"),
            registry=self.registry,
        )
        self.tokens = Counter(
            "ticketgraph_model_tokens",
            "Tokens that models took and gave",
            (*labels, "kind"),
            registry=self.registry,
        )
        self.cost = Counter(
            "ticketgraph_model_cost_usd",
            "What models cost, by the price table",
            labels,
            registry=self.registry,
        )
        self.seconds = Histogram(
            "ticketgraph_model_call_seconds",
            "How long calls of models took",
            ("model", "step"),
            buckets=(0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 15, 30),
            registry=self.registry,
        )

    def count_call(self, record: CallRecord) -> None:
        """Count one call; its time only when it was sent."""
        self.recent_calls.note_call(record)
        labels = (record.model, record.step, record.desk_id)
        self.calls.labels(*labels, record.outcome).inc()
        if record.usage.calls:
            self.seconds.labels(record.model, record.step).observe(record.seconds)
        self.tokens.labels(*labels, "prompt").inc(record.usage.prompt_tokens)
        self.tokens.labels(*labels, "completion").inc(record.usage.completion_tokens)
        self.tokens.labels(*labels, "cached").inc(record.usage.cached_tokens)
        self.cost.labels(*labels).inc(record.usage.cost_usd)

    def render_page(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    @contextmanager
    def export_model_states(
        self, states: ReadModelState, port: int | None, host: str = "127.0.0.1"
    ) -> Iterator[None]:
        """Export circuits and spending as gauges too; with a port, serve the metrics there as well.

        Raises UnavailableError when the port is taken.
        """
        self.registry.register(ModelStateCollector(states))
        if port is None:
            yield
            return
        try:
            server, thread = start_http_server(port, host, registry=self.registry)
        except OSError as error:
            raise UnavailableError(
                f"The metrics cannot be served on {host}, METRICS_PORT {port}: {error.strerror}."
            ) from None
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class ModelStateCollector(Collector):
    """The circuits and today's spending, read at each scrape."""

    def __init__(self, states: ReadModelState) -> None:
        self.states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; none when no model is configured."""
        models = self.states()
        if models is None:
            return
        yield circuit_gauge("ticketgraph_model_circuit", "model", models.circuits)
        yield circuit_gauge(
            "ticketgraph_model_provider_circuit", "provider", models.provider_circuits
        )
        yield GaugeMetricFamily(
            "ticketgraph_model_spent_today_usd",
            "What models have cost since midnight UTC",
            value=models.spent_today_usd,
        )


def circuit_gauge(
    name: str, whose: str, states: Mapping[str, BreakerState]
) -> GaugeMetricFamily:
    """1 for the state that each circuit is in, 0 for the others."""
    gauge = GaugeMetricFamily(
        name, f"1 for the state a {whose}'s circuit is in", labels=(whose, "state")
    )
    for label, current in states.items():
        for state in STATES_BY_HEALTH:
            gauge.add_metric((label, state), float(state == current))
    return gauge
