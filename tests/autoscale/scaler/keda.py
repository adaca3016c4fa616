"""What KEDA adds to the HorizontalPodAutoscaler: figures from triggers, a fallback, scaling to zero.

Sources: "ScaledObject specification" and "Scaling Deployments, StatefulSets & Custom Resources" in
KEDA's documentation (https://keda.sh/docs/latest/reference/scaledobject-spec/); KEDA's
`pkg/scalers/prometheus_scaler.go` (what counts as a failure), `pkg/fallback/fallback.go` and
`pkg/scaling/executor/scale_scaledobjects.go` (activation, cooldown).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.autoscale.scaler.hpa import HorizontalPodAutoscaler, Metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.autoscale.scaler.manifest import Scaling, Trigger


class Keda:
    """A ScaledObject at work.

    The HorizontalPodAutoscaler asks for figures once a sync period, and KEDA then asks Prometheus;
    the polling interval only matters for scaling from and to zero.

    Args:
        scaling: the ScaledObject.
        ask: asks Prometheus; one value for each series of the answer, OSError where there is none.
    """

    def __init__(self, scaling: Scaling, ask: Callable[[str], list[float]]) -> None:
        self._scaling = scaling
        self._ask = ask
        self._autoscaler = HorizontalPodAutoscaler(
            scaling.least, scaling.most, scaling.up, scaling.down
        )
        self._failures = [0] * len(scaling.triggers)
        self._active_at: float | None = None
        #: What each trigger gave at the last sync; None where it failed.
        self.values: list[float | None] = []

    def sync(self, now: float, current: int, ready: int | None = None) -> int:
        """What the HorizontalPodAutoscaler does once a sync period; see its `decide`."""
        if current == 0:
            return 0
        self.values = [self._value(trigger) for trigger in self._scaling.triggers]
        metrics = [self._metric(number, current) for number in range(len(self.values))]
        return self._autoscaler.decide(now, current, metrics, ready)

    def poll(self, now: float, current: int) -> int:
        """What KEDA does once a polling interval: scale from zero, to zero, or nothing."""
        scaling = self._scaling
        values = [(trigger, self._value(trigger)) for trigger in scaling.triggers]
        if any(value is not None and value > trigger.activation for trigger, value in values):
            self._active_at = now
            return current or max(1, scaling.least)
        if current < scaling.least:
            return scaling.least
        if scaling.least or not current:
            return current
        cool = self._active_at is None or now > self._active_at + scaling.cooldown
        return 0 if cool else current

    def _value(self, trigger: Trigger) -> float | None:
        """The value of a trigger; None if that is a failure, as KEDA counts it."""
        try:
            values = self._ask(trigger.query)
        except OSError:
            return None
        if len(values) == 1 and math.isfinite(values[0]):
            return values[0]
        return 0.0 if trigger.ignore_null and len(values) <= 1 else None

    def _metric(self, number: int, current: int) -> Metric | None:
        """What the HorizontalPodAutoscaler is told of a trigger, in thousandths as KEDA does."""
        trigger, value = self._scaling.triggers[number], self.values[number]
        if value is not None:
            self._failures[number] = 0
            return Metric(int(value * 1000) / 1000, trigger.threshold, trigger.target)
        self._failures[number] += 1
        fallback = self._scaling.fallback
        if fallback is None or self._failures[number] <= fallback.failures:
            return None
        if trigger.target != "AverageValue":
            return None
        replicas = {
            "static": fallback.replicas,
            "currentReplicas": current,
            "currentReplicasIfHigher": max(current, fallback.replicas),
            "currentReplicasIfLower": min(current, fallback.replicas),
        }[fallback.behavior]
        return Metric(replicas * trigger.threshold, trigger.threshold)
