"""What is seen of a run while it goes on."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from deploy.local.processes import ServingProcess
    from tests.autoscale.clock import Clock
    from tests.autoscale.deployment import Deployment

#: Seconds of this machine between two looks.
LOOK_SECONDS = 0.4


@dataclass(frozen=True)
class Sample:
    """One look: seconds of the run, pods, and the exporter's gauges.

    Attributes:
        at: when.
        wanted, ready, present: pods that are to be, that are ready, and that are not gone yet.
        waiting: entries that wait.
        oldest: for how many seconds of the run the oldest of them has.
    """

    at: float
    wanted: int
    ready: int
    present: int
    waiting: float
    oldest: float


class Recorder(threading.Thread):
    """Looks at the exporter and the pods until told to stop.

    Args:
        exporter: tells the queue's gauges.
        deployment: the pods.
        clock: tells the time.
    """

    def __init__(self, exporter: ServingProcess, deployment: Deployment, clock: Clock) -> None:
        super().__init__(name="recorder", daemon=True)
        self._exporter, self._deployment, self._clock = exporter, deployment, clock
        self._stopping = threading.Event()
        self.samples: list[Sample] = []

    def run(self) -> None:
        """Look until told to stop."""
        while not self._stopping.wait(LOOK_SECONDS):
            self._deployment.look()
            gauges = self._gauges()
            if "journal_queue_oldest_seconds" not in gauges:
                continue
            pods = self._deployment
            self.samples.append(
                Sample(
                    self._clock.now,
                    pods.replicas,
                    pods.ready,
                    pods.present,
                    gauges["journal_queue_ready"],
                    gauges["journal_queue_oldest_seconds"] * self._clock.speed,
                )
            )

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self.ident is not None:
            self.join(timeout=30)

    def _gauges(self) -> dict[str, float]:
        _, page = self._exporter.page("metrics")
        families = text_string_to_metric_families(page)
        return {sample.name: sample.value for family in families for sample in family.samples}
