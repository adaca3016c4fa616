"""The embedding of token types while the tagger is trained."""

from __future__ import annotations

import torch

from worker.anonymizer.taggers import lexicon
from worker.anonymizer.taggers.words import CASINGS, TOKEN_TYPES

#: How far apart the values of a property begin, as a share of the deviation of the base's vector:
#: near enough that the base's layers see what they are used to.
_APART = 0.1


class SummedEmbedding(torch.nn.Module):
    """For each token type the sum of vectors for the casing and for each property of the word.

    Most combinations of properties are rare. Summed up, they learn from one another; a vector of
    its own lets a combination differ from the sum.

    Args:
        center: what all token types are near to at first, of shape `(width,)`.
        deviation: of the values that the base is used to.
    """

    def __init__(self, center: torch.Tensor, deviation: float) -> None:
        super().__init__()
        self.values = torch.nn.ParameterList(
            center / (1 + len(lexicon.PROPERTIES))
            + _APART * deviation * torch.randn(count, len(center))
            for count in (CASINGS, *lexicon.PROPERTIES)
        )
        self.own = torch.nn.Parameter(torch.zeros(TOKEN_TYPES, len(center)))
        kinds = [lexicon.properties(kind) for kind in range(lexicon.KINDS)]
        self._rows = torch.tensor(
            [(casing, *properties) for properties in kinds for casing in range(CASINGS)]
        )

    def weight(self) -> torch.Tensor:
        """The vectors of all token types, of shape `(TOKEN_TYPES, width)`."""
        total = self.own
        for column, values in enumerate(self.values):
            total = total + values[self._rows[:, column].to(values.device)]
        return total

    def forward(self, token_types: torch.Tensor) -> torch.Tensor:
        """The vectors of token types: one more dimension, `width`."""
        return torch.nn.functional.embedding(token_types, self.weight())


def folded(state: dict[str, torch.Tensor], module: SummedEmbedding, name: str) -> None:
    """Replace a module's tensors in `state` by the one of an ordinary embedding called `name`."""
    for key in [key for key in state if key.startswith(f"{name}.")]:
        del state[key]
    state[f"{name}.weight"] = module.weight().detach().clone()
