"""Where and how models compute, as an operator asks for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Compute:
    """What a model is loaded with; `worker.models.precision` resolves it on the machine at hand.

    Attributes:
        device: auto, cpu or cuda.
        precision: auto, fp32, bf16, fp16 or int8: the arithmetic of the matrix products.
        threads: CPU threads that torch uses in this process; None leaves torch's own choice.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None


#: Leaves every choice to the machine.
AUTO = Compute()
#: The reference to which faster precisions are compared: the same answers on every machine.
EXACT = Compute("cpu", "fp32")
