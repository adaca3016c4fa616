"""The classifier with a tiny random model: order, windows, evidence, precision."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import worker.classifier.classifier as module
from tests.tiny_model import LABELS, write_tiny_model
from worker.classifier import networks
from worker.classifier.classifier import Classification, Classifier
from worker.errors import ClassificationError, ModelFolderError, StartupError
from worker.models import precision, tokenization, windows
from worker.models.compute import Compute
from worker.models.folder import ModelFolder
from worker.models.loading import load_parts
from worker.models.precision import Precision

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.models.windows import Window

CPU = torch.device("cpu")
TEXTS = (
    "I know they all think little of me.",
    "It rained.",
    "x",
    "If it is not perfect it is worth nothing. " * 12,
    "Half of it went well, and nobody minded the rest. So what? Next time.",
)


def load(folder: Path, device: str = "cpu", precision: str = "fp32") -> Classifier:
    return Classifier.load(ModelFolder.open(folder), Compute(device, precision))


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "averages"])
def eager(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """A model that gives every label to every text, in windows of 16 tokens."""
    path = tmp_path_factory.mktemp("eager") / "model"
    write_tiny_model(path, window_tokens=16, threshold=1e-6, averages=request.param)
    return load(path)


def test_results_come_in_the_order_of_the_texts(classifier: Classifier) -> None:
    forward = classifier.classify(TEXTS)
    backward = classifier.classify(TEXTS[::-1])[::-1]
    assert len({found.scores for found in forward}) == len(TEXTS)
    for a, b in zip(forward, backward, strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-5)


def test_a_batch_equals_its_texts_one_by_one(classifier: Classifier) -> None:
    for text, together in zip(TEXTS, classifier.classify(TEXTS), strict=True):
        (alone,) = classifier.classify([text])
        assert together.scores == pytest.approx(alone.scores, abs=1e-5)
        assert (together.labels, together.evidence) == (alone.labels, alone.evidence)


def test_labels_are_those_over_their_threshold_best_first(eager: Classifier) -> None:
    (found,) = eager.classify(["I know."])
    assert set(found.labels) == set(LABELS)
    by_name = dict(zip(eager.label_names, found.scores, strict=True))
    assert [by_name[name] for name in found.labels] == sorted(found.scores, reverse=True)
    assert len(found.evidence) == len(found.labels)


def test_labels_are_given_only_where_enough_of_them_are_expected(eager: Classifier) -> None:
    found = eager.classify(TEXTS)
    expected = sorted(sum(one.scores) for one in found)
    middle = (expected[1] + expected[2]) / 2
    strict = Classifier(
        replace(eager.folder, least_expected=middle),
        eager.tokenizer._tokenizer,
        eager._scorer.network,
        device=CPU,
    )
    again = strict.classify(TEXTS)
    assert [one.scores for one in again] == [one.scores for one in found]
    for one in again:
        assert bool(one.labels) == (sum(one.scores) >= middle)
        assert len(one.evidence) == len(one.labels)


def test_where_enough_labels_are_expected_the_nearest_is_given_at_least(eager: Classifier) -> None:
    found = eager.classify(TEXTS)
    expected = sorted(sum(one.scores) for one in found)
    middle = (expected[1] + expected[2]) / 2
    high = tuple(0.9 + 0.01 * i for i, _ in enumerate(eager.folder.labels))
    folder = replace(eager.folder, thresholds=high, least_expected=middle, at_least_one=True)
    for one in Classifier(
        folder, eager.tokenizer._tokenizer, eager._scorer.network, device=CPU
    ).classify(TEXTS):
        shares = [score / least for score, least in zip(one.scores, high, strict=True)]
        assert max(shares) < 1
        nearest = eager.folder.labels[shares.index(max(shares))]
        assert one.labels == ((nearest,) if sum(one.scores) >= middle else ())
        assert len(one.evidence) == len(one.labels)


def test_a_score_is_the_best_of_the_windows(eager: Classifier) -> None:
    text = "It rained again today. Nobody came to us. They hate me now. So it goes, so what."
    room = 14  # of 16 tokens, without [CLS] and [SEP]
    (tokens,) = eager.tokenizer([text])
    offsets = tokens.offsets
    cuts = windows.cut(tokens.ids, offsets, windows.sentence_ends(text), room)
    pieces = [text[offsets[a][0] : offsets[b - 1][1]] for a, b in cuts]
    assert len(pieces) > 3
    each = torch.tensor([found.scores for found in eager.classify(pieces)])
    (whole,) = eager.classify([text])
    assert whole.scores == pytest.approx(each.max(dim=0).values.tolist(), abs=1e-5)


@settings(deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(max_size=80) | st.sampled_from(TEXTS), max_size=4))
def test_evidence_lies_inside_the_text_whatever_it_is(eager: Classifier, texts: list[str]) -> None:
    for text, found in zip(texts, eager.classify(texts), strict=True):
        assert all(0.0 <= score <= 1.0 for score in found.scores)
        for ranges in found.evidence:
            assert ranges
            position = 0
            for start, end in ranges:
                assert position <= start < end <= len(text)
                assert text[start:end].strip()
                position = end


@pytest.mark.parametrize("text", ["", " ", "\n", "😀😭", "\u200b\u200d\ufeff", "你好", "\x00"])
def test_a_text_without_a_known_word_gets_no_label(eager: Classifier, text: str) -> None:
    assert eager.classify([text]) == [Classification(scores=(0.0, 0.0, 0.0), labels=())]


def test_an_empty_batch_is_no_error(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_nothing_of_a_long_text_is_dropped(eager: Classifier) -> None:
    words = "the end of a very long day " * 1200
    pieces = eager._encoder.windows([words])
    assert (pieces[0].start, pieces[-1].end) == (0, len(words.rstrip()))
    assert all(b.start == a.end + 1 for a, b in itertools.pairwise(pieces))


@pytest.mark.parametrize("padded", [False, True])
def test_passes_keep_to_the_budget(
    classifier: Classifier, padded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(networks.PASS_TOKENS, "cpu", 100)
    passes = classifier._scorer.network
    if padded:
        model = load_parts(classifier.folder)[1]
        passes = networks.PaddedNetwork(model, CPU, classifier.tokenizer._tokenizer.pad_token_id)
    one = Classifier(classifier.folder, classifier.tokenizer._tokenizer, passes, device=CPU)
    seen = []
    compute = passes.logits

    def watched(pieces: Sequence[Window]) -> torch.Tensor:
        seen.append([len(piece.token_ids) for piece in pieces])
        return compute(pieces)

    monkeypatch.setattr(passes, "logits", watched)
    texts = ["a b c", "a " * 40, "d", "a " * 30, "e f"] * 3
    usage = SimpleNamespace(tokens=0, padded_tokens=0)
    found = one.classify(texts, usage)
    computed = [len(each) * max(each) if padded else sum(each) for each in seen]
    assert all(tokens <= 100 or len(each) == 1 for tokens, each in zip(computed, seen, strict=True))
    assert len(seen) < len(texts)
    assert usage.padded_tokens == sum(computed)
    assert usage.tokens == sum(len(tokens.ids) + 2 for tokens in classifier.tokenizer(texts))
    for a, b in zip(found, classifier.classify(texts), strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-5)


def test_usage_adds_up_over_batches(classifier: Classifier) -> None:
    usage = SimpleNamespace(tokens=0, padded_tokens=0)
    classifier.classify(["a b"], usage)
    classifier.classify(["a b", ""], usage)
    assert (usage.tokens, usage.padded_tokens) == (8, 8)


def test_a_failing_model_tells_nothing_of_the_text(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(_: Any, texts: list[str]) -> Any:
        raise ValueError(f"cannot tokenize {texts}")

    monkeypatch.setattr(tokenization, "tokens_of", fail)
    with pytest.raises(ClassificationError) as caught:
        classifier.classify(["A secret canary."])
    assert "canary" not in f"{caught.value!r}{caplog.text}"
    assert caught.value.__suppress_context__


# Precision


@pytest.mark.parametrize("wanted", ["int8", "bf16", "fp16"])
def test_a_faster_precision_is_used_where_it_agrees(
    tiny_model: Path, classifier: Classifier, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOLERANCE", 0.5)
    fast = load(tiny_model, precision=wanted)
    assert fast.precision == wanted
    for a, b in zip(fast.classify(TEXTS), classifier.classify(TEXTS), strict=True):
        assert a.scores == pytest.approx(b.scores, abs=0.3)


@pytest.mark.parametrize("wanted", ["int8", "bf16", "fp16"])
def test_a_precision_that_strays_is_given_up_for_fp32(
    tiny_model: Path,
    classifier: Classifier,
    wanted: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "TOLERANCE", 0.0)
    exact = load(tiny_model, precision=wanted)
    assert exact.precision is Precision.FP32
    assert f"{wanted} strays" in caplog.text
    for a, b in zip(exact.classify(TEXTS), classifier.classify(TEXTS), strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-6)


def test_a_precision_that_computes_no_number_is_given_up(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(networks.UnpaddedNetwork):
        def __init__(self, model: Any, dtype: torch.dtype, device: torch.device) -> None:
            super().__init__(model, dtype, device)
            if dtype is not torch.float32:
                self._head = torch.nn.Linear(32, 3).requires_grad_(requires_grad=False)
                self._head.weight.fill_(torch.nan)

    monkeypatch.setattr(networks, "UnpaddedNetwork", Broken)
    assert load(tiny_model, precision="bf16").precision is Precision.FP32


def test_fp16_that_overflows_is_given_up(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def large(folder: ModelFolder, *, light: bool) -> Any:
        """The same function, but for a product that only fp32 and bf16 can hold."""
        tokenizer, model = load_parts(folder, light=light)
        model.bert.encoder.layer[0].output.dense.bias.data.fill_(1e6)
        return tokenizer, model

    monkeypatch.setattr(module, "load_parts", large)
    monkeypatch.setattr(module, "TOLERANCE", 0.9)
    assert load(tiny_model, precision="bf16").precision is Precision.BF16
    assert load(tiny_model, precision="fp16").precision is Precision.FP32


def test_a_model_that_gives_no_numbers_finds_nothing_out_of_that(tiny_model: Path) -> None:
    broken = load(tiny_model)
    broken._scorer.network._head.bias.data[0] = float("nan")
    with pytest.raises(ClassificationError, match="FloatingPointError"):
        broken.classify(["A text."])


def test_a_folder_whose_model_gives_no_numbers_is_refused(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: ModelFolder, *, light: bool) -> Any:
        tokenizer, model = load_parts(folder, light=light)
        model.classifier.bias.data.fill_(float("inf"))
        return tokenizer, model

    monkeypatch.setattr(module, "load_parts", broken)
    with pytest.raises(ModelFolderError, match="scores no text"):
        load(tiny_model)


def test_what_the_hardware_lacks_stops_the_start(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(StartupError, match="cuda"):
        load(tiny_model, device="cuda")
    with pytest.raises(StartupError, match="int8"):
        precision.choose_precision("int8", torch.device("cuda"))
    monkeypatch.setattr(precision, "_quantized_engine", lambda: None)
    with pytest.raises(StartupError, match="int8"):
        load(tiny_model, precision="int8")
