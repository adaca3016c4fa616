"""The HorizontalPodAutoscaler's algorithm, without a cluster.

Sources: "Horizontal Pod Autoscaling" in the documentation of Kubernetes, sections "Algorithm details"
and "Configurable scaling behavior"
(https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/); the proposal that
describes behavior, KEP-853; and `pkg/controller/podautoscaler` of Kubernetes itself, `horizontal.go`
(stabilizeRecommendationWithBehaviors, convertDesiredReplicasWithBehaviorRate) and
`replica_calculator.go` (GetExternalMetricReplicas, GetExternalPerPodMetricReplicas).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.autoscale.scaler.manifest import Policy, Rules, Target

#: `--horizontal-pod-autoscaler-sync-period` of the controller manager, by default.
SYNC_SECONDS = 15.0
#: `--horizontal-pod-autoscaler-tolerance`, by default: a smaller difference changes nothing.
TOLERANCE = 0.1


@dataclass(frozen=True)
class Metric:
    """An external metric: its value now, and the value that it is to have."""

    value: float
    target: float
    kind: Target = "AverageValue"


def replicas_for(metric: Metric, current: int, ready: int | None = None) -> int:
    """How many replicas one metric asks for.

    `AverageValue` divides the value by the number of replicas before it compares, so that
    ceil(value / target) replicas meet the target; `Value` compares it as it is, and multiplies the
    ready replicas by the ratio.

    Args:
        metric: the metric.
        current: how many replicas there are to be now; at least 1.
        ready: how many of them are ready; by default all.
    """
    ratio = metric.value / metric.target
    if metric.kind == "AverageValue":
        ratio /= current
    if abs(1.0 - ratio) <= TOLERANCE:
        return current
    if metric.kind == "AverageValue":
        return math.ceil(metric.value / metric.target)
    return math.ceil(ratio * (current if ready is None else ready))


class HorizontalPodAutoscaler:
    """Decides how many replicas there are to be, once a sync period.

    Args:
        least, most: the bounds.
        up, down: the behavior of each direction.
    """

    def __init__(self, least: int, most: int, up: Rules, down: Rules) -> None:
        self._least, self._most = max(1, least), most
        self._up, self._down = up, down
        self._recommended: list[tuple[float, int]] = []
        self._added: list[tuple[float, int]] = []
        self._removed: list[tuple[float, int]] = []

    def decide(
        self, now: float, current: int, metrics: Sequence[Metric | None], ready: int | None = None
    ) -> int:
        """How many replicas there are to be from now on.

        Args:
            now: seconds since any instant.
            current: how many there are to be until now. With 0 the autoscaler is off.
            metrics: one for each trigger, None for one without a figure. The largest number that any
                of them asks for counts. If one is missing, nothing is scaled down.
            ready: how many replicas are ready; by default all.
        """
        if current == 0:
            return 0
        if not self._least <= current <= self._most:
            return self._rescale(now, current, min(max(current, self._least), self._most))
        asked = [replicas_for(one, current, ready) for one in metrics if one is not None]
        if not asked or (len(asked) < len(metrics) and max(asked) < current):
            return current
        stable = self._stabilize(now, current, max(asked))
        return self._rescale(now, current, self._limit(now, current, stable))

    def _stabilize(self, now: float, current: int, asked: int) -> int:
        """Not above the least, nor below the most, that was asked for within the windows."""
        up, down = self._up.window, self._down.window
        kept = [(at, count) for at, count in self._recommended if at > now - max(up, down)]
        lowest = min([asked, *(count for at, count in kept if at > now - up)])
        highest = max([asked, *(count for at, count in kept if at > now - down)])
        self._recommended = [*kept, (now, asked)]
        return min(max(current, lowest), highest)

    def _limit(self, now: float, current: int, wanted: int) -> int:
        """As near to what is wanted as the policies and the bounds allow."""
        if wanted > current:
            return min(wanted, self._most, max(current, self._highest(now, current)))
        if wanted < current:
            return max(wanted, self._least, min(current, self._lowest(now, current)))
        return current

    def _highest(self, now: float, current: int) -> int:
        if self._up.select == "Disabled":
            return current
        allowed = []
        for policy in self._up.policies:
            before = self._at_start(now, current, policy)
            if policy.type == "Pods":
                allowed.append(before + policy.value)
            else:
                allowed.append(math.ceil(before * (100 + policy.value) / 100))
        return min(allowed) if self._up.select == "Min" else max(allowed)

    def _lowest(self, now: float, current: int) -> int:
        if self._down.select == "Disabled":
            return current
        allowed = []
        for policy in self._down.policies:
            before = self._at_start(now, current, policy)
            if policy.type == "Pods":
                allowed.append(before - policy.value)
            else:
                allowed.append(int(before * (100 - policy.value) / 100))
        return max(allowed) if self._down.select == "Min" else min(allowed)

    def _at_start(self, now: float, current: int, policy: Policy) -> int:
        """How many replicas there were when the policy's period began."""
        added = sum(count for at, count in self._added if at > now - policy.seconds)
        removed = sum(count for at, count in self._removed if at > now - policy.seconds)
        return current - added + removed

    def _rescale(self, now: float, current: int, replicas: int) -> int:
        if replicas > current:
            self._added.append((now, replicas - current))
        elif replicas < current:
            self._removed.append((now, current - replicas))
        return replicas
