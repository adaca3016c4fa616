"""Commands in a fresh process that finds only what an install with certain extras would bring."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
OURS = frozenset({"producer", "worker", "training"})
#: Hides modules as if they were not installed: no finder knows them.
HIDE = """
import sys

class Without:
    def __init__(self, finder):
        self._finder = finder

    def __getattr__(self, name):
        return getattr(self._finder, name)

    def find_spec(self, name, path=None, target=None):
        if name in HIDDEN or name.partition(".")[0] in HIDDEN:
            return None
        return self._finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


@functools.cache
def installed_modules(*extras: str) -> frozenset[str]:
    """Top-level names of the third-party modules that an install with these extras brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    found: set[str] = set()
    seen: set[str] = set()
    while wanted:
        text = wanted.pop()
        if text in seen:
            continue
        seen.add(text)
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name == project["name"]:
            for extra in requirement.extras:
                wanted += project["optional-dependencies"][extra]
            continue
        found.add(name)
        wanted += _requirements_of(name, requirement.extras)
    return frozenset(
        module for module, names in _distributions().items() if found.intersection(names)
    )


def hidden_modules(*extras: str) -> frozenset[str]:
    """Top-level names of the third-party modules here that such an install does not bring."""
    return frozenset(_distributions()) - installed_modules(*extras) - OURS


def run_python(
    code: str, *arguments: str, hidden: frozenset[str], stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh process that does not find the hidden modules."""
    return subprocess.run(
        [sys.executable, "-c", f"HIDDEN = {set(hidden)!r}\n{HIDE}\n{code}", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _requirements_of(name: str, extras: set[str]) -> list[str]:
    """What a distribution requires here; nothing where it is not installed."""
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    found = []
    for text in texts:
        marker = Requirement(text).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            found.append(text.partition(";")[0])
    return found


@functools.cache
def _distributions() -> dict[str, set[str]]:
    """Top-level modules, each with the distributions that hold it."""
    return {
        module: {canonicalize_name(name) for name in names}
        for module, names in metadata.packages_distributions().items()
    }
