"""What the commands of `journal` share: options, exit codes, and the error boundary."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from producer.client import JournalClient
from producer.errors import BackpressureError, JournalError, Unavailable
from producer.sealing import KeySet, new_key
from producer.settings import Settings
from producer.tracing.export import sending

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

EXIT_CHECK_FAILED = 1
EXIT_USAGE = 2
EXIT_BACKPRESSURE = 3
EXIT_UNAVAILABLE = 4
#: What a shell reports of a program ended by SIGINT or SIGPIPE: 128 + the signal's number.
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


class JournalGroup(click.Group):
    """A group of commands whose errors end in one line and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the one place where errors become lines on stderr and exit codes."""
        try:
            with sending("journal"):
                return super().invoke(ctx)
        except JournalError as exc:
            click.echo(f"journal: {exc}", err=True)
            ctx.exit(exit_code(exc))
        except KeyboardInterrupt:
            ctx.exit(EXIT_INTERRUPTED)
        except BrokenPipeError:
            _discard_stdout()
            ctx.exit(EXIT_BROKEN_PIPE)


def exit_code(error: JournalError) -> int:
    """The exit code of an error, by how a script should handle it."""
    if isinstance(error, BackpressureError):
        return EXIT_BACKPRESSURE
    return EXIT_UNAVAILABLE if isinstance(error, Unavailable) else EXIT_USAGE


def _discard_stdout() -> None:
    # Python flushes stdout once more at its end and would report the broken pipe there.
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def redis_option(command: F) -> F:
    """`--redis-url`."""
    return click.option(
        "--redis-url",
        metavar="URL",
        help="Where Redis is (JOURNAL_REDIS_URL). Arguments show in process lists: "
        "set a URL with a password in the environment.",
    )(command)


def keys_option(command: F) -> F:
    """`--keys-file`."""
    return click.option(
        "--keys-file",
        type=click.Path(path_type=Path),
        help="The key set that seals entries and opens results (JOURNAL_KEYS_FILE).",
    )(command)


def open_client(redis_url: str | None, keys_file: Path | None) -> JournalClient:
    """A client with the settings of the environment; options that are given win.

    Raises:
        ConfigurationError: settings or keys are missing or wrong.
    """
    return JournalClient(Settings.load(redis_url=redis_url, keys_file=keys_file))


def open_keyless_client(redis_url: str | None) -> JournalClient:
    """A client for commands that need no keys; it has a new key, which opens nothing.

    Raises:
        ConfigurationError: settings are wrong.
    """
    return JournalClient(
        Settings.load(redis_url=redis_url), KeySet.from_jwks({"keys": [new_key()]})
    )
