"""Workers as a Deployment has them: pods that take a while to start, and that drain at their end."""

from __future__ import annotations

import random
import signal
import socket
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from deploy.local.processes import ServingProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.autoscale.clock import Clock

STAND_IN = "tests.chaos.light_worker"


class WorkerProcess(ServingProcess):
    """A worker with stand-in stages; see `ServingProcess`."""

    def __init__(
        self, environment: Mapping[str, str], *, port: int, log: Path, module: str = STAND_IN
    ) -> None:
        settings = {**environment, "JOURNAL_METRICS_PORT": str(port)}
        super().__init__(module, "run", port=port, environment=settings, log=log)

    def begin_to_stop(self) -> None:
        """Send SIGTERM and return."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)


@dataclass
class Pod:
    """A worker from its creation to its end.

    Attributes:
        process: started when the start-up delay is over.
        created: when it was created.
        started: whether its process was.
        ready: when it was first seen to be ready, None before.
        stopping: when it was told to end, None before.
        ended: when its process was gone, None before.
    """

    process: WorkerProcess
    created: float
    started: bool = False
    ready: float | None = None
    stopping: float | None = None
    ended: float | None = None


class Deployment:
    """As many pods as it is told to have.

    Args:
        processes: more than there are ever pods at once; a new pod takes the one that has been free
            for longest, so that Prometheus knows all places where one may be.
        clock: tells the time.
        start_seconds: from a pod's creation until its process starts.
        grace_seconds: between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        processes: Sequence[WorkerProcess],
        clock: Clock,
        *,
        start_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._free, self._clock = deque(processes), clock
        self._start_seconds, self._grace_seconds = start_seconds, grace_seconds
        self.pods: list[Pod] = []
        #: How many pods were killed because they did not end within the grace period, or crashed.
        self.killed = self.crashed = 0

    @property
    def replicas(self) -> int:
        """How many pods there are that were not told to end."""
        return len(self._wanted)

    @property
    def ready(self) -> int:
        """How many of them are ready."""
        return sum(pod.ready is not None for pod in self._wanted)

    @property
    def present(self) -> int:
        """How many pods there are, those that drain among them."""
        return sum(pod.ended is None for pod in self.pods)

    @property
    def pod_seconds(self) -> float:
        """From creation to end, of all pods."""
        now = self._clock.now
        return sum((now if pod.ended is None else pod.ended) - pod.created for pod in self.pods)

    def scale(self, replicas: int) -> None:
        """Create pods, or tell some to end: those that are not ready first, then the newest."""
        now = self._clock.now
        for _ in range(replicas - self.replicas):
            self.pods.append(Pod(self._free.popleft(), now))
        order = sorted(self._wanted, key=lambda pod: (pod.ready is None, pod.created), reverse=True)
        for pod in order[: max(0, self.replicas - replicas)]:
            pod.stopping = now
            pod.process.begin_to_stop()
            if not pod.started:
                self._end(pod)

    def start_now(self) -> None:
        """Start what was created, without the delay, and wait until it is ready."""
        for pod in self._wanted:
            self._start(pod)
            pod.process.wait_ready()

    def begin(self) -> None:
        """Count from now on: what is there was created at this instant."""
        for pod in self.pods:
            pod.created = pod.ready = self._clock.now

    def tick(self) -> None:
        """Start whose delay is over, see who has ended, and kill whose grace period is over."""
        now = self._clock.now
        for pod in self.pods:
            if pod.ended is not None:
                continue
            if not pod.started:
                if now >= pod.created + self._start_seconds:
                    self._start(pod)
            elif not pod.process.running:
                # A Deployment would start its container again; here that is a fault.
                self.crashed += pod.stopping is None
                self._end(pod)
            elif pod.stopping is not None and now > pod.stopping + self._grace_seconds:
                self.killed += 1
                pod.process.kill()

    def look(self) -> None:
        """Ask those that were not ready whether they are now."""
        for pod in self._wanted:
            if pod.started and pod.ready is None:
                status, _ = pod.process.page("readyz")
                pod.ready = self._clock.now if status == HTTPStatus.OK else None

    def stop(self) -> None:
        """End all of them."""
        self.scale(0)
        for pod in self.pods:
            pod.process.stop()

    @property
    def _wanted(self) -> list[Pod]:
        return [pod for pod in self.pods if pod.stopping is None and pod.ended is None]

    def _end(self, pod: Pod) -> None:
        pod.ended = self._clock.now
        self._free.append(pod.process)

    @staticmethod
    def _start(pod: Pod) -> None:
        pod.process.start()
        pod.started = True


def free_ports(number: int) -> list[int]:
    """Ports that nobody uses, below those that the kernel gives to connections by itself."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 12_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
        if len(found) == number:
            break
    return found
