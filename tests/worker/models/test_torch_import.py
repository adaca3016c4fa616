"""torch without what only its compilers need, which whoever asks for it gets all the same.

Each test needs a process in which torch has not been imported.
"""

from __future__ import annotations

import pytest

from tests.worker.fresh_process import run_python
from worker.models import torch_import

_LIGHTLY = "from worker.models.torch_import import import_torch; import_torch(); import torch; import sys; "
_TOLD = f"; print('{torch_import.SHAPES}' in sys.modules)"


def test_what_a_worker_loads_does_without() -> None:
    load = (
        "from worker.child import factory; from worker.settings import WorkerSettings; "
        "from worker.models.compute import Compute; "
        "factory.load(WorkerSettings.load(redis_url='redis://x'), Compute('cpu', 'fp32', 1))"
    )
    assert run_python(_LIGHTLY + load + _TOLD).stdout == "False\n"


@pytest.mark.parametrize(
    "asked",
    [
        "import torch._dynamo",
        "import torch._prims",
        "import torch._refs",
        "import torch._decomp",
        "import torch.utils._content_store",
        "from transformers.models.mpnet.modeling_mpnet import MPNetModel",
        "torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),))",
        "torch.compile(torch.relu, backend='eager')(torch.zeros(2))",
    ],
)
def test_whoever_compiles_gets_it(asked: str) -> None:
    assert run_python(_LIGHTLY + asked + _TOLD).stdout == "True\n"


def test_modules_that_came_with_it_are_imported_once() -> None:
    told = (
        "import torch._prims as first; import importlib; "
        "print(first is importlib.import_module('torch._prims'), first.__spec__.name, "
        "first.__spec__.origin == first.__file__)"
    )
    assert run_python(_LIGHTLY + told).stdout == "True torch._prims True\n"


def test_a_version_that_is_not_known_is_imported_whole() -> None:
    told = (
        "from worker.models import torch_import; import sys; "
        "torch_import.version = lambda _: '99.0'; torch_import.import_torch()"
    )
    assert run_python(told + _TOLD).stdout == "True\n"
