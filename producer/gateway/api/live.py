"""`/v1/live` and `/v1/labels`: how the system is now, and what its labels mean."""

from __future__ import annotations

import json
import time
from collections import deque
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from producer.errors import JournalError
from producer.gateway.api.access import SECURITY, Identified
from producer.gateway.api.documents import described
from producer.gateway.api.problems import of_journal_error
from producer.gateway.delivery.operations import delivery_keys
from producer.operations.base import as_mapping, raise_for_errors
from producer.operations.sharded.plan import raise_for_outcomes

if TYPE_CHECKING:
    from producer.gateway.context import Gateway
    from producer.operations.base import Operation
    from producer.settings import Settings

router = APIRouter(prefix="/v1", tags=["system"], dependencies=SECURITY)

#: A worker that has not told for so long that it lives does not.
_SILENT_SECONDS = 5.0
_RATE_SECONDS = 10.0
_LATENCY_SECONDS = 60.0
_MOST_LATENCIES = 1000
_FRESH_SECONDS = 0.9
_COUNTS = ("waiting", "claimed", "results", "dead", "workers")


class Live(BaseModel):
    """How the system is now. A figure that is not known is null.

    `missing` tells how many shards do not answer; their entries are in no figure.
    """

    waiting: int
    claimed: int
    results: int
    dead: int
    workers: int
    rate: float | None
    p50: float | None
    p95: float | None
    at: float
    missing: int = 0


class Explained(BaseModel):
    """A label, and one sentence that explains it."""

    label: str
    explanation: str | None


class Labels(BaseModel):
    """The labels that are explained."""

    labels: list[Explained]


class _OfShard(NamedTuple):
    """The figures of one shard.

    Attributes:
        counts: how many entries are where, and how many workers there are.
        seconds: from submit to completion, of the last minute.
        answered: results since the stream began; None if there is none yet.
        at: by the clock of the shard, in seconds since 1970.
    """

    counts: dict[str, int]
    seconds: list[float]
    answered: int | None
    at: float


class _Rate:
    """How many entries one shard answers a second."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()

    def seen(self, at: float, answered: int | None) -> float | None:
        """The rate since the oldest of the counts within the last ten seconds."""
        counts = self._counts
        if answered is None or (counts and answered < counts[-1][1]):  # the stream is a new one
            counts.clear()
        if answered is None:
            return None
        counts.append((at, answered))
        while at - counts[0][0] > _RATE_SECONDS:
            counts.popleft()
        since, before = counts[0]
        return (answered - before) / (at - since) if at > since else None


class Sampler:
    """Asks Redis for the figures at most once a second, however many look.

    Args:
        gateway: the process.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._rates = {name: _Rate() for name in gateway.deliveries}
        self._latest: Live | None = None
        self._at = float("-inf")

    async def live(self) -> Live:
        """The figures of now.

        Raises:
            JournalError: no shard gives them.
        """
        if self._latest is None or time.monotonic() - self._at >= _FRESH_SECONDS:
            settings, names = self._gateway.settings, self._gateway.deliveries
            asked = {name: _figures(settings) for name in names}
            outcomes = await self._gateway.fleet.outcomes(asked, self._gateway.limit)
            found = {
                name: outcome for name, outcome in outcomes.items() if isinstance(outcome, _OfShard)
            }
            if not found:
                raise_for_outcomes(outcomes)
            self._at = time.monotonic()
            self._latest = self._together(found)
        return self._latest

    def _together(self, found: dict[str, _OfShard]) -> Live:
        each = found.values()
        seconds = sorted(second for one in each for second in one.seconds)
        rates = [self._rates[name].seen(one.at, one.answered) for name, one in found.items()]
        known = [rate for rate in rates if rate is not None]
        return Live(
            **{name: sum(one.counts[name] for one in each) for name in _COUNTS},
            rate=round(sum(known), 2) if known else None,
            p50=_quantile(seconds, 0.5),
            p95=_quantile(seconds, 0.95),
            at=max(one.at for one in each),
            missing=len(self._rates) - len(found),
        )


def _figures(settings: Settings) -> Operation[_OfShard]:
    keys = settings.queue_keys
    latencies = delivery_keys(settings.queue).latencies
    since = int((time.time() - _LATENCY_SECONDS) * 1000)
    *counts, information = yield [
        ("TIME",),
        ("ZREVRANGE", keys.workers, 0, 9999, "WITHSCORES"),
        ("XREVRANGE", latencies, "+", since, "COUNT", _MOST_LATENCIES),
        ("HLEN", keys.claims),
        ("XLEN", settings.results),
        ("XLEN", settings.dead),
        *(("LLEN", name) for name in keys.waiting),
        ("XINFO", "STREAM", settings.results),
    ]
    raise_for_errors(counts)
    (seconds, micros), beats, took, claimed, results, dead, *waiting = counts
    at = int(seconds) + int(micros) / 1e6
    workers = sum(abs(at - float(beat)) < _SILENT_SECONDS for beat in beats[1::2])
    answered = None
    if not isinstance(information, Exception):
        answered = as_mapping(information).get("entries-added")
    return _OfShard(
        dict(zip(_COUNTS, (sum(waiting), claimed, results, dead, workers), strict=True)),
        [float(fields[1]) for _, fields in took],
        answered,
        at,
    )


def _quantile(values: list[float], part: float) -> float | None:
    """The smallest value that at least this part of all do not exceed."""
    return values[min(len(values) - 1, int(part * len(values)))] if values else None


@cache
def explanations() -> dict[str, str | None]:
    """One plain sentence for each label of the shipped model."""
    source = files("producer.gateway").joinpath("explanations.json")
    found: dict[str, str | None] = json.loads(source.read_text(encoding="utf-8"))
    return found


def sampler_of(request: Request) -> Sampler:
    """The sampler of the process that a request reached."""
    sampler: Any = request.app.state.sampler
    assert isinstance(sampler, Sampler)
    return sampler


@router.get("/live", responses=described(), summary="How the system is now")
async def live(_: Identified, sampler: Annotated[Sampler, Depends(sampler_of)]) -> Live:
    """Entries in each part of the system, whoever's they are; seconds from submit to completion."""
    try:
        return await sampler.live()
    except JournalError as exc:
        raise of_journal_error(exc) from None


@router.get("/labels", responses=described(), summary="What the labels mean")
async def labels(_: Identified) -> Labels:
    """The labels that the shipped model may give, each with a sentence that explains it."""
    found = [Explained(label=name, explanation=text) for name, text in explanations().items()]
    return Labels(labels=found)
