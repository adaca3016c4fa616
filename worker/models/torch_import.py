"""Importing torch without what only its compilers need.

The import of torch registers a Python function for each of some thousand operators, which tells the
shape of what the operator would return. Compilers and exporters ask for it; a worker computes, and
never does. They take a third of a second of each start, and 18 MB of each worker.
"""

from __future__ import annotations

import importlib
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The module that registers them when it is imported, and of which torch uses nothing.
SHAPES = "torch._meta_registrations"
#: Versions of torch of which that is known.
_KNOWN = ("2.10.", "2.11.", "2.12.", "2.13.")
#: What compilers and some models import, and what expects them.
_NEEDED_BY = frozenset(
    {
        "torch._decomp",
        "torch._dynamo",
        "torch._functorch._aot_autograd",
        "torch._inductor",
        "torch._prims",
        "torch._refs",
        "torch.utils._content_store",
    }
)


class _ShapesFirst(MetaPathFinder, Loader):
    """Registers the shapes as soon as something that expects them is imported.

    Their own import brings most of that. What was asked for is then there, and is only handed over.
    """

    def __init__(self) -> None:
        self._asked = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if self._asked or fullname not in _NEEDED_BY:
            return None
        self._asked = True
        importlib.import_module(SHAPES)
        module = sys.modules.get(fullname)
        if module is None:
            return None
        self._spec = module.__spec__
        # Of a module that came meanwhile the import system takes this one, and would run it again.
        module.__spec__ = ModuleSpec(fullname, self, is_package=True)
        return module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """It has run; what the import system wrote into it is taken back."""
        module.__spec__ = self._spec


def import_torch() -> None:
    """Import torch for a process that computes on a CPU and most likely compiles nothing.

    Where torch is imported already, or in a version that is not known, nothing is left out.
    """
    if "torch" in sys.modules or not version("torch").startswith(_KNOWN):
        importlib.import_module("torch")
        return
    sys.modules[SHAPES] = ModuleType(SHAPES)
    try:
        importlib.import_module("torch")
    finally:
        del sys.modules[SHAPES]
    sys.meta_path.insert(0, _ShapesFirst())
