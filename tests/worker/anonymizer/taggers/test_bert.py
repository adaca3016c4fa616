"""The tagger: windows, thresholds, and the shipped weights."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import BertConfig

from worker.anonymizer.anonymizer import Anonymizer
from worker.anonymizer.taggers.bert import BertTagger
from worker.anonymizer.taggers.words import CASINGS, TOKEN_TYPES
from worker.errors import AnonymizationError, ModelFolderError
from worker.models.compute import EXACT
from worker.models.folder import SHIPPED_TAGGER

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def tagger() -> BertTagger:
    return BertTagger.load(SHIPPED_TAGGER, EXACT)


@pytest.mark.parametrize(
    "text",
    [
        "Told Olumide that I can't come.",
        "told olumide that i can't come.",
        "TOLD OLUMIDE THAT I CAN'T COME.",
    ],
)
def test_names_are_found_in_any_casing(tagger: BertTagger, text: str) -> None:
    (found,) = tagger.tag([text])
    assert [(text[h.start : h.end].lower(), h.type) for h in found] == [("olumide", "PERSON")]


@pytest.mark.parametrize(
    "text",
    [
        "Today was a good day, I felt productive and calm.",
        "i will hope for rain in may, and for roses in june",
        "The doctor said the pills may take weeks.",
        "TODAY I DID NOTHING AND IT WAS FINE.",
    ],
)
def test_plain_words_stay(tagger: BertTagger, text: str) -> None:
    assert tagger.tag([text]) == [[]]


def test_a_long_text_is_searched_to_its_end(tagger: BertTagger) -> None:
    text = "It rained again and nobody came. " * 120 + "Then Olumide called."
    (found,) = tagger.tag([text])
    assert "Olumide" in {text[h.start : h.end] for h in found}


@pytest.mark.parametrize("filler", [",", "x,", "...", "ab-", "!?"])
@pytest.mark.parametrize("length", [250, 251, 252, 253, 254, 255, 256])
def test_a_long_run_without_white_space_hides_no_name(
    tagger: BertTagger, filler: str, length: int
) -> None:
    run = (filler * length)[:length]
    text = f"{run} Then i told Olumide that {run} she met Priya in Lisbon."
    (found,) = tagger.tag([text])
    assert {"Olumide", "Priya", "Lisbon"} <= {text[h.start : h.end] for h in found}


def test_every_word_is_judged_by_its_own_scores(tagger: BertTagger) -> None:
    """A model that knows one word finds it at its place, wherever windows were cut."""
    name = tagger.tokenizer._tokenizer.backend_tokenizer.token_to_id("grace")
    knowing = BertTagger(tagger.tokenizer._tokenizer, OneWord(name), threshold=0.5, device=CPU)
    for run in ("x.", "undeterminable,", "q" * 99 + "!"):
        for text in (
            run * 300 + "grace",
            f"{run * 40} grace {run * 300} grace",
            run * 7 + "grace." * 400,
        ):
            (found,) = knowing.tag([text])
            wanted = [(m.start(), m.end()) for m in re.finditer("grace", text)]
            assert [(h.start, h.end) for h in found] == wanted


class OneWord:
    """Stands in for the model: one token is a person, as surely as told; all others nothing."""

    def __init__(self, token: int, score: float = 0.999) -> None:
        self.config = BertConfig.from_pretrained(SHIPPED_TAGGER)
        self._token, self._score = token, score

    def __call__(self, input_ids: torch.Tensor, **_: Any) -> Any:
        labels = list(self.config.id2label.values())
        probabilities = torch.full((*input_ids.shape, len(labels)), 1e-6)
        probabilities[..., labels.index("O")] = 1.0
        person = torch.full((len(labels),), 1e-6)
        person[labels.index("PERSON")], person[labels.index("O")] = self._score, 1 - self._score
        probabilities[input_ids == self._token] = person
        return SimpleNamespace(logits=probabilities.log())


def test_a_batch_equals_its_texts_one_by_one(tagger: BertTagger) -> None:
    texts = ["", "Ask Priya.", "no", "I live in Lisbon with Marta and two cats. " * 9, "!!"]
    together = tagger.tag(texts)
    for text, found in zip(texts, together, strict=True):
        (alone,) = tagger.tag([text])
        assert [(h.start, h.end, h.type) for h in alone] == [
            (h.start, h.end, h.type) for h in found
        ]


def test_a_failing_model_tells_nothing_of_the_text(tagger: BertTagger) -> None:
    class Failing(OneWord):
        def __call__(self, **_: object) -> Any:
            raise ValueError("Olumide")

    broken = BertTagger(tagger.tokenizer._tokenizer, Failing(0), threshold=0.5, device=CPU)
    with pytest.raises(AnonymizationError) as caught:
        broken.tag(["Olumide"])
    assert "Olumide" not in repr(caught.value)


def test_a_tagger_that_gives_no_numbers_takes_nothing_for_harmless(
    tagger: BertTagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = tagger._network._head
    monkeypatch.setattr(head.bias, "data", torch.full_like(head.bias.data, torch.nan))
    with pytest.raises(AnonymizationError, match="FloatingPointError"):
        tagger.tag(["Olumide"])


def test_an_altered_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="not found"):
        BertTagger.load(tmp_path / "none")


def test_numbered_placeholders_tell_who_did_what() -> None:
    anonymizer = Anonymizer.load(compute=EXACT, numbered=True)
    (found,) = anonymizer.anonymize(["Priya hit Olumide, so Olumide left Priya in Lisbon."])
    assert found.text == "<PERSON_1> hit <PERSON_2>, so <PERSON_2> left <PERSON_1> in <LOCATION_1>."
    assert {span.type for span in found.spans} == {"PERSON", "LOCATION"}


def test_a_word_with_a_capital_need_be_less_sure(tagger: BertTagger) -> None:
    name = tagger.tokenizer._tokenizer.backend_tokenizer.token_to_id("grace")
    model = OneWord(name, score=0.2)
    unsure = BertTagger(tagger.tokenizer._tokenizer, model, threshold=0.4, device=CPU)
    texts = ["so Grace came", "so grace came", "SO GRACE CAME"]
    assert [bool(found) for found in unsure.tag(texts)] == [True, False, False]


@pytest.mark.parametrize("known", [CASINGS, TOKEN_TYPES])
def test_a_tagger_is_given_no_token_type_that_it_lacks(tagger: BertTagger, known: int) -> None:
    """One that was trained before there was a lexicon knows casings alone."""
    given: list[int] = []

    class Listening(OneWord):
        def __call__(self, input_ids: torch.Tensor, **others: Any) -> Any:
            given.extend(others["token_type_ids"].flatten().tolist())
            return super().__call__(input_ids)

    model = Listening(0)
    model.config.type_vocab_size = known
    listening = BertTagger(
        tagger.tokenizer._tokenizer, model, threshold=0.5, device=torch.device("cpu")
    )
    listening.tag(["so Jessica came"])
    assert 0 < max(given) < known
    assert (max(given) >= CASINGS) == (known == TOKEN_TYPES)
