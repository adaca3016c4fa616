"""What commands import of optional extras; a command that lacks some says so before it begins.

A base install brings neither torch nor Presidio. Only these packages are looked up: an import of
our own that fails is a bug, and stays a traceback.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

import click

EXPORTER = ("prometheus_client", "pythonjsonlogger")
#: Of whatever loads a model.
MODELS = ("safetensors", "torch", "transformers")
ANONYMIZER = ("presidio_analyzer", "presidio_anonymizer", *MODELS)
WORKER = ("celery", "kombu", *EXPORTER, *ANONYMIZER)


class MissingPackagesError(click.ClickException):
    """Packages of an extra are not installed: one line on stderr, exit code 2."""

    exit_code = 2

    def __init__(self, program: str, extra: str) -> None:
        super().__init__(
            f"this command needs the {extra} packages: pip install 'journal-stream[{extra}]'"
        )
        self._program = program

    def show(self, file: object = None) -> None:
        """Print the line, as the programs print every other error."""
        del file  # click passes none
        click.echo(f"{self._program}: {self.message}", err=True)


def require(program: str, extra: str, *packages: str) -> None:
    """See that packages are installed, without importing them.

    Args:
        program: the command line's name, which begins the message.
        extra: the extra of journal-stream that brings the packages.
        packages: names by which they are imported.

    Raises:
        MissingPackagesError: one of them is not installed.
    """
    if missing(*packages):
        raise MissingPackagesError(program, extra)


def missing(*packages: str) -> list[str]:
    """Those of the packages that are not installed."""
    return [package for package in packages if not _is_installed(package)]


def _is_installed(package: str) -> bool:
    if sys.modules.get(package):  # looked up, celery and kombu would fail once they are imported
        return True
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # an import hook may refuse instead of finding nothing
        return False
