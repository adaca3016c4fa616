"""`journal-gateway`: run the gateway, make and remove API keys, print the OpenAPI document."""

from __future__ import annotations

import json
import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from producer.errors import ConfigurationError, JournalError, Unavailable
from producer.gateway import api_keys
from producer.gateway.settings import GatewaySettings
from producer.settings import Settings
from producer.tracing.export import sending

EXIT_USAGE = 2
EXIT_UNAVAILABLE = 4
EXIT_INTERRUPTED = 130
#: What the extra brings, by the names it is imported by.
_PACKAGES = (
    "fastapi",
    "httptools",
    "httpx2",
    "limits",
    "prometheus_client",
    "standardwebhooks",
    "uvicorn",
    "uvloop",
)
_FILE = click.option(
    "--file",
    "path",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="JOURNAL_GATEWAY_API_KEYS_FILE",
    help="The file of API keys (JOURNAL_GATEWAY_API_KEYS_FILE).",
)


class _Group(click.Group):
    """A group of commands whose errors end in one line and an exit code, never in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except JournalError as exc:
            click.echo(f"journal-gateway: {exc}", err=True)
            ctx.exit(EXIT_UNAVAILABLE if isinstance(exc, Unavailable) else EXIT_USAGE)
        except KeyboardInterrupt:
            ctx.exit(EXIT_INTERRUPTED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="journal-stream")
def main() -> None:
    """Take journal entries by HTTP, and give their results back as answers, events and webhooks.

    Settings come from JOURNAL_* and JOURNAL_GATEWAY_* environment variables (or an .env file);
    options win over them.

    \b
    First steps:
      journal-gateway keys new my-app --file api-keys.json
      export JOURNAL_KEYS_FILE=keys.json JOURNAL_GATEWAY_API_KEYS_FILE=api-keys.json
      journal-gateway run

    \b
    Exit codes: 0 done, 2 wrong input or configuration, 3 the server did not start,
    4 Redis cannot be reached, 130 interrupted.
    """


@main.command()
@click.option("--host", metavar="ADDRESS", help="Where to listen [default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="Where to listen [default: 8080].")
@click.option("--redis-url", metavar="URL", help="Where Redis is (JOURNAL_REDIS_URL).")
@click.option("--keys-file", type=click.Path(path_type=Path), help="The key set.")
@click.option("--api-keys-file", type=click.Path(path_type=Path), help="The file of API keys.")
def run(
    host: str | None,
    port: int | None,
    redis_url: str | None,
    keys_file: Path | None,
    api_keys_file: Path | None,
) -> None:
    """Serve HTTP until SIGTERM or Ctrl-C. It keeps nothing: run as many as you like."""
    _require()
    from producer.gateway.server import make_server

    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    for noisy in ("httpx2", "httpcore2"):  # they log the URLs of webhooks
        logging.getLogger(noisy).setLevel(logging.WARNING)
    settings = Settings.load(redis_url=redis_url, keys_file=keys_file)
    gateway = GatewaySettings.load(host=host, port=port, api_keys_file=api_keys_file)
    keys = api_keys.ApiKeys(gateway.keys_path())
    server = make_server(settings, gateway, settings.key_set(), keys)
    with sending("journal-gateway"):
        server.run()


@main.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    _require()
    from producer.gateway.api.app import openapi as document

    click.echo(json.dumps(document(), indent=2))


@main.group()
def keys() -> None:
    """Make, list and remove API keys. A gateway that runs sees the change within seconds."""


@keys.command()
@click.argument("name")
@_FILE
@click.option("--rate", metavar="RATE", help="Such as 600/minute; none for no limit.")
@click.option("--webhook-url", metavar="URL", help="Where its results are sent to.")
@click.option("--lane", metavar="NAME", help="The lane of its entries; by default the first.")
def new(name: str, path: Path, rate: str | None, webhook_url: str | None, lane: str | None) -> None:
    """Make an API key for NAME and print it: it is told once, and the file holds its hash only.

    A second key of the same name has the same entries: give it out, then remove the first.
    """
    token, stored = api_keys.new_key(name, rate=rate, webhook_url=webhook_url, lane=lane)
    api_keys.write(path, (*_stored(path), stored))
    told = {"name": name, "id": stored.id, "key": token}
    if stored.webhook:
        told["webhook_secret"] = str(stored.webhook.secret)
    click.echo(json.dumps(told))


@keys.command("list")
@_FILE
def list_keys(path: Path) -> None:
    """List the API keys in a file, one JSON line each; never a key itself."""
    for key in api_keys.ApiKeys(path).content.keys:
        webhook = key.webhook.url if key.webhook else None
        told = {"name": key.name, "id": key.id, "created_at": key.created_at.isoformat()}
        click.echo(json.dumps({**told, "rate": key.rate, "webhook": webhook, "lane": key.lane}))


@keys.command()
@_FILE
@click.argument("key_id", metavar="ID")
def remove(path: Path, key_id: str) -> None:
    """Remove the API key with this ID, as `list` tells it: whoever has it is refused."""
    stored = _stored(path)
    left = tuple(key for key in stored if key.id != key_id)
    if len(left) == len(stored):
        raise ConfigurationError(f"{path}: no API key has the id {key_id}")
    api_keys.write(path, left)
    click.echo(json.dumps({"id": key_id, "removed": True}))


def _stored(path: Path) -> tuple[api_keys.StoredKey, ...]:
    return api_keys.ApiKeys(path).content.keys if path.exists() else ()


def _require() -> None:
    """End with one line if the extra's packages are not installed."""
    if not all(map(_is_installed, _PACKAGES)):
        raise ConfigurationError(
            "this command needs the gateway packages: pip install 'journal-stream[gateway]'"
        )


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # an import hook may refuse instead of finding nothing
        return False


if __name__ == "__main__":
    main()
