"""What the panels on the gateway have to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from producer.gateway.metrics import SECONDS
from tests.truth.caller import OPEN_STREAMS, OPEN_WAITS
from tests.truth.check import Check, one, quantiles, rates
from tests.truth.tolerance import RATE, SameBucket

if TYPE_CHECKING:
    from tests.truth.check import Values
    from tests.truth.facts import Facts

#: A caller sees its own machine's time as well.
REQUEST = SameBucket(SECONDS, 0.15)
_DELIVERIES = "Gateway's deliveries and refusals"


def _statuses(facts: Facts) -> Values:
    return {str(status): n for status, n in facts.drill.caller.statuses.items()}


def _knocks(facts: Facts) -> Values:
    """While the queue was full."""
    knocks = facts.drill.caller.knocks
    return {str(status): n / facts.standing for status, n in knocks.items()}


def _webhooks(facts: Facts) -> Values:
    endpoint = facts.drill.scene.endpoint
    return {
        "delivered": sum(at < facts.drill.loaded for at in endpoint.taken),
        "failed": sum(at < facts.drill.loaded for at in endpoint.refused),
    }


def _moved(facts: Facts) -> Values:
    own = len(facts.drill.caller.submitted)
    return {"appended": own, "others": sum(facts.outcomes.values()) - own}


def _time(place: int, share: float) -> Check:
    return quantiles(
        "Time of a request", place, share, lambda facts: {"": facts.drill.caller.seconds}, REQUEST
    )


GATEWAY = [
    rates("Requests by status", 0, _statuses, "status"),
    Check("Requests by status", 0, _knocks, RATE, ("status",)),
    _time(0, 0.5),
    _time(1, 0.99),
    Check("Open at the gateway", 0, one(lambda _: OPEN_WAITS)),
    Check("Open at the gateway", 1, one(lambda _: OPEN_WAITS)),
    Check("Open at the gateway", 2, one(lambda _: OPEN_STREAMS)),
    rates(_DELIVERIES, 0, _webhooks, "outcome"),
    rates(_DELIVERIES, 1, _moved, "outcome"),
    rates(_DELIVERIES, 2, lambda facts: {"api_key": facts.drill.caller.statuses[401]}, "reason"),
    rates(_DELIVERIES, 3, lambda _: {"": 0.0}),
]
