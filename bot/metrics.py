"""Offer counts that are kept in memory to operators, in Prometheus format."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

Counts = Callable[[], Iterable[tuple[Sequence[str], float]]]  # the values of the labels, and the count


class Figure(NamedTuple):
    """Describe a figure: its name, what it counts, its labels, and how it is read when operators ask."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Counts
    gauge: bool = False  # a state of this moment, instead of a count that only grows


class Figures(Collector):
    """Read each figure whenever Prometheus asks."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self._figures = tuple(figures)

    def collect(self) -> Iterable[Metric]:
        for figure in self._figures:
            family = GaugeMetricFamily if figure.gauge else CounterMetricFamily
            metric = family(figure.name, figure.help, labels=figure.labels)
            for labels, count in figure.read():
                metric.add_metric(labels, count)
            yield metric


def make_registry(figures: Iterable[Figure]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Figures(figures))
    return registry
