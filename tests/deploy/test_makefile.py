"""`make` offers what it lists, and lists all that it offers."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def makefile(root: Path) -> str:
    return (root / "Makefile").read_text(encoding="utf-8")


def test_every_target_is_listed_with_what_it_does(makefile: str) -> None:
    phony = " ".join(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE))
    listed = re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(listed) == sorted(phony.split())


def test_every_module_that_it_runs_exists(makefile: str) -> None:
    modules = re.findall(r"python -m ((?:deploy|tests)[\w.]+)", makefile)
    assert modules
    for module in modules:
        assert importlib.util.find_spec(module), module
