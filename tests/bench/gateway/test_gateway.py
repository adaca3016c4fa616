"""The caller of the bench, at a real gateway, and what is made of its figures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.bench.errors import BenchError
from tests.bench.gateway import asking
from tests.bench.gateway.asking import Caller
from tests.bench.gateway.measure import Figures, as_json, quantile, shown
from tests.producer.gateway.support import Worker, add_key, serving, working

if TYPE_CHECKING:
    from pathlib import Path

    from producer import KeySet, Settings


async def ask(port: int, token: str, texts: list[str]) -> None:
    async with Caller(port, token, 3) as caller:
        await caller.ask_all(texts)


def test_each_text_is_asked_for_once_and_waited_for(
    settings: Settings, keys: KeySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api_keys = tmp_path / "api-keys.json"
    token = add_key(api_keys, "bench")
    texts = [f"It rained for the {number}th time." for number in range(20)]
    with serving(settings, keys, api_keys) as gateway, working(Worker(settings, keys)) as worker:
        asyncio.run(ask(gateway.port, token, texts))
    assert sorted(entry.text for entry in worker.entries) == sorted(texts)


def test_an_answer_without_a_result_fails_the_bench(
    settings: Settings, keys: KeySet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "WAIT_SECONDS", 0.05)
    api_keys = tmp_path / "api-keys.json"
    token = add_key(api_keys, "bench")
    with serving(settings, keys, api_keys) as gateway, pytest.raises(ExceptionGroup) as caught:
        asyncio.run(ask(gateway.port, token, ["Nobody works here."]))
    assert caught.group_contains(BenchError, match="answered 202 and no result")


def test_ratios_are_of_medians_and_quantiles() -> None:
    figures = Figures(
        entries=128,
        load=[100.0, 90.0, 20.0],
        gateway=[81.0, 10.0, 200.0],
        worker_cpu=[0.018],
        gateway_cpu=[0.002],
        rate=18.0,
        clients=[0.1] * 98 + [0.2, 0.4],
        requests=[0.1] * 98 + [0.25, 9.0],
    )
    assert figures.throughput_ratio() == pytest.approx(0.9)
    assert as_json(figures)["p99_ratio"] == pytest.approx(1.25)
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert shown(figures, "texts").row_count == 4
