"""Tokens, their places in the text, and the special tokens around them."""

from __future__ import annotations

from typing import Any

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from worker.models.tokenization import special_tokens, tokenize_with_offsets

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
