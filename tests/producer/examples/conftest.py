"""A stand-in worker that answers, and the settings in the environment of the examples."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


EXAMPLES = Path(__file__).parents[3] / "producer" / "examples"


@pytest.fixture
def environment(
    redis_url: str, keys_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """What the examples read from the environment, set in this process as well."""
    given = {
        "JOURNAL_REDIS_URL": redis_url,
        "JOURNAL_KEYS_FILE": str(keys_file),
        "DATABASE": str(tmp_path / "results.sqlite"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def example(environment: dict[str, str]) -> Callable[[str], Any]:
    """Import an example by its name, anew, with the settings in the environment."""

    def load(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
