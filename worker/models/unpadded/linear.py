"""Linear layers whose weights are laid out for the hardware once, when the model is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The number of rows that oneDNN lays weights out for: those of a usual pass.
ROWS = 512


#: oneDNN's operations under the names by which torch's own compiler calls them.
_REORDER = "_reorder_linear_weight"
_PRODUCT = "_linear_pointwise"
_SUPPORTED = {
    torch.bfloat16: "_is_mkldnn_bf16_supported",
    torch.float16: "_is_mkldnn_fp16_supported",
}


class Linear:
    """Multiplies in the precision of its weights, whatever its input has.

    On a CPU the weights are in oneDNN's own layout, where this build of torch has it. So no product
    lays them out anew, and the activation is computed while its input is still in the cache.

    Args:
        layers: linear layers with the same input; their outputs stand side by side.
        dtype: the precision of the products.
    """

    def __init__(self, layers: Sequence[Any], dtype: torch.dtype) -> None:
        with torch.no_grad():
            self.weight = torch.cat([layer.weight.detach() for layer in layers]).to(dtype)
            self.bias = torch.cat([layer.bias.detach() for layer in layers]).to(dtype)
        self._packed = _packed(self.weight)
        if self._packed is not None:
            self.weight = self._packed  # not two copies of them

    @property
    def is_packed(self) -> bool:
        """Whether oneDNN computes it, with a program for each number of rows."""
        return self._packed is not None

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        """From shape `(rows, inputs)` to `(rows, outputs)`, in the precision of the weights."""
        given = given.to(self.weight.dtype)
        if self._packed is None:
            return functional.linear(given, self.weight, self.bias)
        return _product(given, self._packed, self.bias, "none", [], "")

    def gelu(self, given: torch.Tensor) -> torch.Tensor:
        """The same, followed by the activation function of BERT."""
        given = given.to(self.weight.dtype)
        if self._packed is None:
            return functional.gelu(functional.linear(given, self.weight, self.bias))
        return _product(given, self._packed, self.bias, "gelu", [], "none")


def _product(*given: Any) -> torch.Tensor:
    """A product of oneDNN: input, weights, bias, activation, its numbers and its algorithm."""
    result: torch.Tensor = _operation(_PRODUCT)(*given)
    return result


def _operation(name: str) -> Any:
    return getattr(torch.ops.mkldnn, name)


def _packed(weight: torch.Tensor) -> torch.Tensor | None:
    """Weights in oneDNN's layout; None where they cannot be used so."""
    if weight.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    try:
        if weight.dtype in _SUPPORTED and not _operation(_SUPPORTED[weight.dtype])():
            return None
        packed: torch.Tensor = _operation(_REORDER)(weight, ROWS)
        _product(weight.new_zeros(1, weight.shape[1]), packed, None, "gelu", [], "none")
    except (AttributeError, RuntimeError):  # another version of torch may have other names
        return None
    return packed
