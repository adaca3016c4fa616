"""A batch: requests on their way through a child together, and how each of them ends."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from worker.celery_internals import request_ended
from worker.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from worker.protocol import Claim


class Batch:
    """Requests on their way through a child together.

    Args:
        requests: Celery's requests.
        claims: what they carry, in the same order; none where the batch only goes back.
    """

    __slots__ = (
        "accepted",
        "claims",
        "deadline",
        "done",
        "id",
        "job",
        "late",
        "pid",
        "requests",
        "sent",
    )

    def __init__(self, requests: Sequence[Any], claims: Sequence[Claim] = ()) -> None:
        self.id = uuid.uuid4().hex
        self.requests = list(requests)
        self.claims = list(claims)
        self.done = False
        self.accepted = False
        #: What the pool returned when it was given to it.
        self.job: Any = None
        #: When it was given to the pool, on the monotonic clock.
        self.sent = 0.0
        #: The child that accepted it, and until when it may work on it.
        self.pid = 0
        self.deadline = math.inf
        #: Its child was killed for being late.
        self.late = False

    @property
    def messages(self) -> list[Any]:
        """The messages behind the requests."""
        return [request.message for request in self.requests]

    @property
    def tags(self) -> list[str]:
        """The tags of the claims behind the requests."""
        return [str(message.delivery_tag) for message in self.messages]

    def without(self, gone: Container[int]) -> Batch:
        """This batch without the requests at these positions; see `retry` for a new delivery."""
        return Batch(
            [request for i, request in enumerate(self.requests) if i not in gone],
            [claim for i, claim in enumerate(self.claims) if i not in gone],
        )

    def retry(self, part: slice) -> Batch:
        """A part of this batch to be tried again: one more delivery of its entries counts."""
        claims = [replace(claim, deliveries=claim.deliveries + 1) for claim in self.claims[part]]
        return Batch(self.requests[part], claims)


def finish(request: Any, outcome: Outcome, seconds: float) -> None:
    """Tell Celery that a request is over; its message's claim is gone already."""
    request_ended(request)
    request.acknowledge()
    if outcome is Outcome.ANSWERED:
        request.send_event("task-succeeded", result=None, runtime=seconds)
        return
    if outcome is Outcome.REQUEUED:
        return
    request.send_event("task-failed", exception=outcome.value, traceback="")
