"""What a worker verifies before it starts anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.worker.fresh_process import run_python
from worker.child import factory
from worker.errors import ModelFolderError, StartupError
from worker.models.unpadded import linear
from worker.settings import WorkerSettings

#: What takes seconds to import and 50 MB or more, and no child of a worker with BERT needs.
HEAVY = ("transformers", "spacy", "thinc", "torch._dynamo", "sympy")
LOAD_AND_FORK = """
import json, os, sys
from worker.child import factory
from worker.models.precision import set_threads
from worker.settings import WorkerSettings

before = len(os.listdir("/proc/self/task"))
stages = factory.load_ahead(WorkerSettings.load(device="cpu", concurrency=1))
threads = len(os.listdir("/proc/self/task")) - before
text = ["Olumide never writes back, so he must hate me."]


def answers():
    return stages.anonymizer.anonymize(text)[0].text, stages.classifier.classify(text)[0].scores


expected = answers()
child = os.fork()
if not child:
    set_threads(4)
    os._exit(0 if answers()[0] == expected[0] else 1)
told = {"threads": threads, "modules": sorted(sys.modules), "exit": os.waitpid(child, 0)[1]}
print(json.dumps(told))
"""


def test_the_shipped_models_are_taken_where_none_are_named() -> None:
    settings = WorkerSettings.load()
    assert settings.model is settings.tagger is None
    factory.check(settings)


@pytest.mark.parametrize("setting", ["model", "tagger"])
def test_a_model_that_is_not_there_stops_the_start(tmp_path: Path, setting: str) -> None:
    with pytest.raises(ModelFolderError, match="nowhere"):
        factory.check(WorkerSettings.load(**{setting: tmp_path / "nowhere"}))


def test_what_is_loaded_before_the_fork_is_light_starts_no_thread_and_computes_after_it() -> None:
    told = json.loads(run_python(LOAD_AND_FORK).stdout)
    assert not set(HEAVY) & set(told["modules"])
    assert (told["threads"], told["exit"]) == (0, 0)


def test_a_first_entry_meets_no_product_for_which_a_program_must_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """oneDNN makes one for each number of rows of each product, which takes milliseconds."""
    monkeypatch.setattr(factory, "may_have_device", lambda: False)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")  # is restored
    met: set[tuple[object, ...]] = set()
    product = linear._product

    def noted(given: Any, weight: Any, bias: Any, activation: str, *more: Any) -> Any:
        met.add((given.dtype, *given.shape, bias is None or len(bias), activation))
        return product(given, weight, bias, activation, *more)

    monkeypatch.setattr(linear, "_product", noted)
    stages = factory.load_ahead(WorkerSettings.load(device="cpu"))
    assert stages is not None
    known = set(met)
    for words in (1, 7, 60, 200):
        (anonymized,) = stages.anonymizer.anonymize(["so it rained all day " * (words // 5 + 1)])
        stages.classifier.classify([anonymized.text])
    assert met == known


@pytest.mark.parametrize(("device", "seen"), [("cuda", False), ("auto", True)])
def test_children_that_may_compute_on_a_gpu_load_their_own_models(
    device: str, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "may_have_device", lambda: seen)
    monkeypatch.setattr(factory.Classifier, "load", lambda *_: pytest.fail("loaded"))
    assert factory.load_ahead(WorkerSettings.load(device=device)) is None


def test_whatever_keeps_a_model_from_loading_is_one_line(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "may_have_device", lambda: False)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")  # is restored

    def fail(*_: object) -> None:
        raise LookupError("Olumide")

    folder = shutil.copytree(tiny_model, tmp_path / "model")
    monkeypatch.setattr(factory.Classifier, "load", fail)
    with pytest.raises(StartupError) as caught:
        factory.load_ahead(WorkerSettings.load(model=folder))
    assert str(caught.value) == "models: LookupError"
