"""The capacity document is what its script computes, and more load never takes less."""

from __future__ import annotations

import pytest

from deploy import capacity
from producer.settings import Settings


def test_document_is_what_its_script_computes() -> None:
    text = capacity.DOCUMENT.read_text(encoding="utf-8")
    assert capacity.render(text) == text, "run python -m deploy.capacity"


def test_every_figure_names_where_it_was_measured() -> None:
    for figure in capacity.FIGURES:
        assert figure.value > 0
        assert len(figure.source) > 5, figure.what
        assert figure.what in capacity.figures()


@pytest.mark.parametrize("load", capacity.LOADS)
def test_what_is_planned_carries_the_load_even_without_one_worker(load: int) -> None:
    plan = capacity.Plan(load)
    carried = (plan.cpu_workers - 1) * capacity.CORES * capacity.CORE.value
    assert load <= carried * capacity.WORKER_SHARE
    assert load <= plan.shards * capacity.REDIS.value * capacity.REDIS_SHARE
    assert plan.gpu_workers <= plan.bf16_workers <= plan.cpu_workers


def test_memory_of_a_shard_is_the_sum_of_what_it_holds() -> None:
    plan = capacity.Plan(1_000)
    window = Settings.model_fields["idempotency_seconds"].default
    ids = 1_000 * window * capacity.ID_BYTES.value / 2**30
    backlog = plan.redis_gib(0, replies=False)
    assert plan.redis_gib(window, replies=False) == pytest.approx(ids + backlog)
    assert plan.redis_gib(0, replies=True) - backlog == pytest.approx(2.46, abs=0.01)
