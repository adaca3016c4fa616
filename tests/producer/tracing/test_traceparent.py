"""What counts as a trace: the exact form, and nothing that could carry anything else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from producer.message import encode_message
from producer.tracing.traceparent import as_traceparent
from tests.producer.support import QUEUE

if TYPE_CHECKING:
    import redis

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("flags", ["00", "01", "03", "ff"])
def test_a_traceparent_passes_unchanged(flags: str) -> None:
    assert as_traceparent(GOOD[:-2] + flags) == GOOD[:-2] + flags


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        7,
        [GOOD],
        {"traceparent": GOOD},
        GOOD.encode(),
        GOOD.upper(),
        GOOD + "\n",
        GOOD + "-what-the-patient-said",
        " " + GOOD,
        "01" + GOOD[2:],
        "ff" + GOOD[2:],
        GOOD.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        GOOD.replace("b7ad6b7169203331", "0" * 16),
        GOOD.replace("0af", "0aг"),
        GOOD.replace("0", "٠"),
        GOOD[:-1],
        "x" * 1_000_000,
    ],
)
def test_anything_else_is_no_traceparent(value: Any) -> None:
    assert as_traceparent(value) is None


def test_a_message_has_the_header_only_where_there_is_a_trace() -> None:
    assert json.loads(encode_message("e", "s", traceparent=GOOD))["headers"]["traceparent"] == GOOD
    assert b"traceparent" not in encode_message("e", "s")


async def test_a_trace_that_is_given_travels_with_every_entry_without_opentelemetry(
    either: Any, raw: redis.Redis
) -> None:
    await either.submit("Soup again.", entry_id="a", traceparent=GOOD)
    await either.submit("Soup again.", entry_id="b", traceparent="what the patient said")
    first, second = (json.loads(one)["headers"] for one in reversed(raw.lrange(QUEUE, 0, -1)))
    assert first["traceparent"] == GOOD
    assert "traceparent" not in second
