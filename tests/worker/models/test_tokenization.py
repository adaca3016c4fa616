"""Tokens, their places in the text, and the special tokens around them."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from worker.models import tokenization
from worker.models.folder import SHIPPED_MODEL, SHIPPED_TAGGER
from worker.models.tokenization import (
    BatchTokenizer,
    TokenMemory,
    share_tokens,
    special_tokens,
    tokenize_with_offsets,
    tokens_of,
)

VOCABULARY = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "cat": 4}


def tokenizer(template: str | None) -> Any:
    inner = Tokenizer(WordLevel(VOCABULARY, unk_token="[UNK]"))
    inner.pre_tokenizer = Whitespace()
    if template:
        specials = [("[CLS]", 1), ("[SEP]", 2)]
        inner.post_processor = TemplateProcessing(single=template, special_tokens=specials)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("[CLS] $A [SEP]", ((1,), (2,))),
        ("$A [SEP] [CLS]", ((), (2, 1))),  # as XLNet has them
        (None, ((), ())),
    ],
)
def test_special_tokens_stand_where_the_tokenizer_puts_them(
    template: str | None, expected: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    assert special_tokens(tokenizer(template)) == expected


def test_tokens_have_their_characters_and_no_special_tokens() -> None:
    found = tokenize_with_offsets(tokenizer("[CLS] $A [SEP]"), ["a cat", ""])
    assert found["input_ids"] == [[3, 4], []]
    assert found["offset_mapping"] == [[(0, 1), (2, 5)], []]


@pytest.mark.parametrize("padded", [False, True])
def test_tokens_are_those_of_hugging_face(padded: bool) -> None:
    shipped = AutoTokenizer.from_pretrained(SHIPPED_TAGGER)
    texts = ["Told Olumide's  mum, in Zwolle-Zuid!", "", "word " * 600, "\u200b \U0001f600 [SEP] x"]
    if padded:  # which leaves its mark in the tokenizer
        shipped(texts, padding=True, truncation=True, max_length=5)
    found = tokens_of(shipped, texts)
    expected = tokenize_with_offsets(shipped, texts)
    assert [tokens.ids for tokens in found] == expected["input_ids"]
    assert [tokens.offsets for tokens in found] == expected["offset_mapping"]
    assert [tokens.words for tokens in found] == [expected.word_ids(i) for i in range(len(texts))]


@pytest.fixture
def tokenized(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The texts of each call of the library."""
    calls: list[list[str]] = []
    original = tokens_of

    def watched(tokenizer: Any, texts: list[str]) -> Any:
        calls.append(list(texts))
        return original(tokenizer, texts)

    monkeypatch.setattr(tokenization, "tokens_of", watched)
    return calls


def test_models_with_one_tokenizer_tokenize_a_text_once(tokenized: list[list[str]]) -> None:
    both = [
        BatchTokenizer(AutoTokenizer.from_pretrained(path))
        for path in (SHIPPED_TAGGER, SHIPPED_MODEL)
    ]
    memory = TokenMemory()
    assert share_tokens(memory, *both)
    first, second = both
    found = first(["A cat.", "Anna came.", "A cat."])
    again = second(["A cat.", "<PERSON> came."])
    assert tokenized == [["A cat.", "Anna came."], ["<PERSON> came."]]
    assert found[0] is found[2] is again[0]
    memory.forget()
    assert not memory.tokens
    second(["A cat."])
    assert tokenized[-1] == ["A cat."]


def test_models_with_other_tokenizers_share_nothing(tokenized: list[list[str]]) -> None:
    memory = TokenMemory()
    one, other = (BatchTokenizer(tokenizer(template)) for template in (None, "$A [SEP] [CLS]"))
    assert not share_tokens(memory, one, other)
    assert not share_tokens(memory, None, one)
    one(["a"])
    other(["a"])
    assert tokenized == [["a"], ["a"]]
    assert not memory.tokens
