"""The label `shard`, which tells the figures of several shards apart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHARD = "shard"


class ShardsCollector(Collector):
    """The metrics of several shards, each with the label `shard`.

    Args:
        collectors: of each shard, by name.
    """

    def __init__(self, collectors: Mapping[str, Collector]) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        """The metrics of all shards, which are asked side by side: one may hang."""
        merged: dict[str, Metric] = {}
        with ThreadPoolExecutor(len(self._collectors)) as pool:
            found = pool.map(lambda one: list(one.collect()), self._collectors.values())
            for name, families in zip(self._collectors, found, strict=True):
                _add(merged, families, name)
        yield from merged.values()


class _Labelled(Collector):
    """The metrics of a registry, each with the label `shard`.

    Args:
        registry: of a process that works for one shard.
        shard: its name.
    """

    def __init__(self, registry: CollectorRegistry, shard: str) -> None:
        self._registry = registry
        self._shard = shard

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        merged: dict[str, Metric] = {}
        _add(merged, self._registry.collect(), self._shard)
        yield from merged.values()


def labelled(registry: CollectorRegistry, shard: str) -> CollectorRegistry:
    """What a process that works for one shard shows of its metrics.

    So alerts, panels and scalers tell the workers of one shard from those of another, however
    Prometheus finds them.

    Args:
        registry: its metrics.
        shard: the name of its shard; "" where there is one Redis, and then there is no label.
    """
    if not shard:
        return registry
    shown = CollectorRegistry()
    shown.register(_Labelled(registry, shard))
    return shown


def _add(merged: dict[str, Metric], families: Iterable[Metric], shard: str) -> None:
    for family in families:
        metric = Metric(family.name, family.documentation, family.type)
        metric = merged.setdefault(family.name, metric)
        for sample in family.samples:
            metric.samples.append(sample._replace(labels={**sample.labels, SHARD: shard}))
