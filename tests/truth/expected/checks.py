"""For each expression of the dashboard: what it has to say, when, and how exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.truth.expected.gateway import GATEWAY
from tests.truth.expected.queue import QUEUE
from tests.truth.expected.workers import WORKERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.truth.check import Check

_NO_GPU = "no GPU here; `make gpu-check` is where there is one"
#: Panels in which there is nothing to compare, and why.
NOTHING_TO_COMPARE: Mapping[str, str] = {
    "GPU busy, and processes on it": _NO_GPU,
    "GPU memory": _NO_GPU,
}
CHECKS: list[Check] = [*QUEUE, *WORKERS, *GATEWAY]
