"""Node.js, for tests of what is not Python, with the packages that a folder locks.

The packages are installed once, into a folder that git ignores; later runs need no network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.needs import NODE, NODE_PACKAGES, missing

if TYPE_CHECKING:
    from pathlib import Path

OLDEST = 18


def node_with_packages(folder: Path) -> str:
    """The path of Node.js, with the packages of `folder` beside its `package.json`.

    The test is skipped where Node.js is missing or too old, or where the packages are not
    installed and cannot be had.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major_version(node) < OLDEST:
        missing(NODE)
    if _installed(folder) != _locked(folder) and not _install(npm, folder):
        missing(NODE_PACKAGES)
    return node


@cache  # one failure without a network is enough for all tests
def _install(npm: str, folder: Path) -> bool:
    command = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--fetch-retries=0"]
    try:
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, "CI": "true"}, capture_output=True, timeout=100
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _major_version(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True)
    found = re.match(r"v(\d+)", done.stdout)
    return int(found[1]) if found else 0


def _locked(folder: Path) -> dict[str, Any]:
    return _versions(folder / "package-lock.json")


def _installed(folder: Path) -> dict[str, Any]:
    """What npm notes when it has installed everything; nothing where it has not."""
    noted = folder / "node_modules" / ".package-lock.json"
    return _versions(noted) if noted.exists() else {}


def _versions(lock: Path) -> dict[str, Any]:
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {name: package["version"] for name, package in packages.items() if name}
