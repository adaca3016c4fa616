"""The ScaledObject and the Deployment of `deploy/kubernetes`, as far as scaling needs them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

KUBERNETES = Path(__file__).parents[3] / "deploy/kubernetes"
SCALED_OBJECT = KUBERNETES / "components/keda/scaledobject.yml"
WORKER = KUBERNETES / "base/worker.yml"

Target = Literal["AverageValue", "Value"]


@dataclass(frozen=True)
class Trigger:
    """A Prometheus trigger of KEDA.

    Attributes:
        query: what Prometheus is asked.
        threshold: the target of the metric: for each replica (`AverageValue`) or at all (`Value`).
        target: which of the two.
        activation: the trigger is active above this value; only scaling from and to zero asks.
        ignore_null: whether an empty answer counts as 0 and not as a failure.
    """

    query: str
    threshold: float
    target: Target = "AverageValue"
    activation: float = 0.0
    ignore_null: bool = True


@dataclass(frozen=True)
class Policy:
    """How far scaling may go within a period: by so many pods, or by so many percent of them."""

    type: Literal["Pods", "Percent"]
    value: int
    seconds: float


@dataclass(frozen=True)
class Rules:
    """The `behavior` of one direction.

    Attributes:
        window: the stabilization window, in seconds.
        policies: each allows a change; none means that the defaults hold.
        select: which of the changes that they allow counts.
    """

    window: float
    policies: tuple[Policy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"


#: What holds where a ScaledObject says nothing; autoscaling/v2 documents it under HPAScalingRules.
DEFAULT_UP = Rules(0.0, (Policy("Percent", 100, 15.0), Policy("Pods", 4, 15.0)))
DEFAULT_DOWN = Rules(300.0, (Policy("Percent", 100, 15.0),))


@dataclass(frozen=True)
class Fallback:
    """How many replicas there are to be when a trigger gives no figure.

    Attributes:
        failures: it begins after more failures in a row than this.
        replicas: how many.
        behavior: whether `replicas` alone counts or the current number as well.
    """

    failures: int
    replicas: int
    behavior: str = "static"


@dataclass(frozen=True)
class Scaling:
    """A ScaledObject.

    Attributes:
        least, most: the bounds of the number of replicas.
        polling: seconds between two looks at whether any trigger is active.
        cooldown: seconds without an active trigger until there are no replicas, where `least` is 0.
        fallback: None if it has none.
        up, down: the HorizontalPodAutoscaler's behavior.
        triggers: what it scales by.
    """

    least: int
    most: int
    polling: float
    cooldown: float
    fallback: Fallback | None
    up: Rules
    down: Rules
    triggers: tuple[Trigger, ...]


def load_scaling(path: Path = SCALED_OBJECT) -> Scaling:
    """Read a ScaledObject; what it leaves out gets the defaults of KEDA and Kubernetes.

    Raises:
        ValueError: it has a trigger of another type than `prometheus`, or is no ScaledObject.
    """
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    if loaded.get("kind") != "ScaledObject":
        raise ValueError(f"{path} is no ScaledObject")
    spec = loaded["spec"]
    config = spec.get("advanced", {}).get("horizontalPodAutoscalerConfig", {})
    behavior = config.get("behavior", {})
    return Scaling(
        least=spec.get("minReplicaCount", 0),
        most=spec.get("maxReplicaCount", 100),
        polling=spec.get("pollingInterval", 30),
        cooldown=spec.get("cooldownPeriod", 300),
        fallback=_fallback(spec.get("fallback")),
        up=_rules(behavior.get("scaleUp"), DEFAULT_UP),
        down=_rules(behavior.get("scaleDown"), DEFAULT_DOWN),
        triggers=tuple(_trigger(trigger) for trigger in spec["triggers"]),
    )


def load_grace_seconds(path: Path = WORKER) -> float:
    """How long a worker of the Deployment has between SIGTERM and SIGKILL."""
    documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
    (deployment,) = (one for one in documents if one["kind"] == "Deployment")
    return float(deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"])


def _fallback(spec: Mapping[str, Any] | None) -> Fallback | None:
    if spec is None:
        return None
    behavior = spec.get("behavior", "static")
    return Fallback(spec["failureThreshold"], spec["replicas"], behavior)


def _rules(spec: Mapping[str, Any] | None, default: Rules) -> Rules:
    if spec is None:
        return default
    policies = tuple(
        Policy(policy["type"], policy["value"], policy["periodSeconds"])
        for policy in spec.get("policies", ())
    )
    return Rules(
        window=spec.get("stabilizationWindowSeconds", default.window),
        policies=policies or default.policies,
        select=spec.get("selectPolicy", "Max"),
    )


def _trigger(spec: Mapping[str, Any]) -> Trigger:
    if spec["type"] != "prometheus":
        raise ValueError(f"only triggers of type prometheus are known, not {spec['type']}")
    metadata = spec["metadata"]
    return Trigger(
        query=metadata["query"],
        threshold=float(metadata["threshold"]),
        target=spec.get("metricType", "AverageValue"),
        activation=float(metadata.get("activationThreshold", 0)),
        ignore_null=str(metadata.get("ignoreNullValues", "true")).lower() in {"true", "t", "1"},
    )
