"""The parts of `make gpu-check`, small."""

from __future__ import annotations

import time

import torch

from tests.bench.gpu import check, passes, workers
from tests.bench.setting import Setting
from worker.models.precision import Precision

CPU = torch.device("cpu")
SMALL = {
    "hidden_size": 32,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
}


def test_passes_are_measured_in_each_precision_beside_fp32() -> None:
    model = passes.Model("small", passes.random_model(**SMALL), tags=False)
    lines = list(passes.measure(model, CPU, (2, 3), time.monotonic() + 60))
    assert [line["precision"] for line in lines if line["sequences"] == 2] == [
        precision.value for precision in passes.precisions(CPU)
    ]
    assert all(line["tokens_per_second"] > 0 for line in lines)
    exact = [line for line in lines if line["precision"] == Precision.FP32.value]
    assert all(line["largest_difference_to_fp32_cpu"] < 1e-5 for line in exact)
    assert list(passes.measure(model, CPU, (2,), time.monotonic() - 1)) == []


def test_a_worker_with_a_device_that_answers_at_once_loses_nothing_with_a_child() -> None:
    with Setting() as setting:
        told = workers.measure(
            setting,
            ["It rained, and we stayed in."],
            children=1,
            seconds=0.3,
            environment={"JOURNAL_DEVICE": "cpu", "JOURNAL_PRECISION": "fp32"},
            module=workers.INSTANT,
        )
    assert told["entries_per_second"] > 0
    assert told["child_killed_under_load"]["lost"] == 0


def test_a_cpu_is_given_no_more_children_than_cores() -> None:
    assert check.counts("cpu", 4) == [1, 4]
    assert check.counts("cuda", 2) == [1, 4, 8, 15]
