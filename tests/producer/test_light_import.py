from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "torch",
    "spacy",
    "presidio_analyzer",
    "presidio_anonymizer",
    "transformers",
    "celery",
    "kombu",
    "numpy",
    "datasets",
    "fastapi",
    "uvicorn",
    "limits",
    "prometheus_client",
    "worker",
    "training",
)
CODE = """
import sys, importlib
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(*sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


@pytest.mark.parametrize("module", ["producer", "producer.cli", "producer.gateway.cli"])
def test_importing_the_producer_brings_nothing_heavy(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE, module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert {"producer", "redis", "pydantic"} <= loaded
    assert loaded.isdisjoint(HEAVY)
