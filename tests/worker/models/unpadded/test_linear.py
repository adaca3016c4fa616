"""Linear layers in the hardware's layout."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from worker.models.unpadded import linear
from worker.models.unpadded.linear import Linear

DTYPES = [(torch.float32, 1e-5), (torch.bfloat16, 0.05), (torch.float16, 0.01)]


@pytest.mark.parametrize(("dtype", "bound"), DTYPES)
@pytest.mark.parametrize("laid_out", [True, False])
@pytest.mark.parametrize("rows", [1, 5, 700])
def test_products_are_those_of_the_layers_side_by_side(
    dtype: torch.dtype,
    bound: float,
    rows: int,
    laid_out: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not laid_out:  # as with a torch whose private names are others
        monkeypatch.setattr(linear, "_PRODUCT", "of another version")
    torch.manual_seed(2)
    layers = [torch.nn.Linear(24, 8), torch.nn.Linear(24, 40)]
    given = torch.randn(rows, 24)
    with torch.inference_mode():
        expected = torch.cat([layer(given) for layer in layers], dim=1)
        fused = Linear(layers, dtype)
        found, activated = fused(given), fused.gelu(given)
    assert found.dtype is activated.dtype is dtype
    assert (found - expected).abs().max() < bound
    assert (activated - functional.gelu(expected)).abs().max() < bound
