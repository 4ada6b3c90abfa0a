"""What operators see: counts kept in memory by the doors, Slack and the lanes, in Prometheus format."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from bot.slack import Slack
from bot.worker import Worker
from handlers.context import Context


class Figures(Collector):
    def __init__(self, ctx: Context, slack: Slack, worker: Worker) -> None:
        self._doors = ctx
        self._slack = slack
        self._worker = worker

    def collect(self) -> Iterable[Metric]:
        came = CounterMetricFamily("countersign_received", "What came to the doors", labels=("door", "what"))
        for (door, what), count in self._doors.counts.items():
            came.add_metric((door, what), count)
        sent = CounterMetricFamily("countersign_slack_requests", "Requests to Slack", labels=("method", "outcome"))
        for (method, outcome), count in self._slack.calls.items():
            sent.add_metric((method, outcome), count)
        jobs = CounterMetricFamily("countersign_jobs", "Jobs by lane and end", labels=("lane", "end"))
        for lane in self._worker.lanes.values():
            jobs.add_metric((lane.name, "done"), lane.done)
            jobs.add_metric((lane.name, "failed"), lane.failed)
        cases = GaugeMetricFamily("countersign_cases", "Cases by state", labels=("state",))
        for state, count in self._doors.cases.items():
            cases.add_metric((state,), count)
        paused = GaugeMetricFamily("countersign_paused", "Systems that are paused just now", labels=("scope",))
        for scope in self._doors.paused:
            paused.add_metric((scope,), 1)
        return came, sent, jobs, cases, paused


def make_registry(ctx: Context, slack: Slack, worker: Worker) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Figures(ctx, slack, worker))
    return registry
