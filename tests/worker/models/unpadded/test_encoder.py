"""BERT's embeddings and layers without padding, beside those of Hugging Face."""

from __future__ import annotations

import pytest
import torch
from transformers import BertConfig, BertModel

from worker.models.unpadded.bert import Encoder
from worker.models.unpadded.sequences import lay_out


@pytest.mark.parametrize("types", [2, 960])
def test_states_are_those_of_the_library_however_many_token_types_there_are(types: int) -> None:
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        type_vocab_size=types,
        initializer_range=0.5,
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    ids, of_tokens = [7, 8, 9, 10], [0, types - 1, 1, types // 2]
    with torch.inference_mode():
        batch = lay_out([ids], torch.device("cpu"), [of_tokens])
        found = Encoder(model, torch.float32)(batch)[:4]
        wanted = model(
            input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([of_tokens])
        ).last_hidden_state[0]
    assert torch.allclose(found, wanted, atol=1e-4)
