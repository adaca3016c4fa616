"""`journal keys`: make, rotate and list the keys that seal entries and results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from producer.errors import ConfigurationError
from producer.sealing import KeySet, new_key, write_key_file

_FILE = click.option(
    "--file",
    "path",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The key file, a JWK set.",
)


@click.group()
def keys() -> None:
    """Make, rotate and list the keys that seal entries and results."""


@keys.command()
@_FILE
@click.option("--rotate", is_flag=True, help="Put a new key before those in the file.")
@click.option(
    "--keep",
    type=click.IntRange(0),
    metavar="N",
    help="With --rotate: keep so many older keys [default: all].",
)
def new(path: Path, rotate: bool, keep: int | None) -> None:
    """Make a key file that only its owner can read; prints the new key's id.

    \b
      journal keys new --file keys.json
      journal keys new --file keys.json --rotate --keep 2

    The first key seals; all of them open. Drop an older key only when nothing sealed with it is
    left in the queue, in the results or among the dead letters.
    """
    if keep is not None and not rotate:
        raise click.UsageError("--keep goes with --rotate")
    older: list[dict[str, Any]] = []
    if rotate:
        older = _read(path)[:keep]
    elif path.exists() or path.is_symlink():
        raise ConfigurationError(f"{path} exists; --rotate adds a key and keeps the older ones")
    key = new_key()
    _write(path, [key, *older])
    click.echo(json.dumps({"kid": key["kid"], "keys": 1 + len(older)}))


@keys.command("list")
@_FILE
def list_keys(path: Path) -> None:
    """List the ids of the keys in a file, one JSON line each; never a key itself."""
    for position, kid in enumerate(KeySet.load(path).key_ids):
        click.echo(json.dumps({"kid": kid, "seals": position == 0}))


@keys.command()
@_FILE
def add(path: Path) -> None:
    """Add a new key that opens but does not seal yet: the first step of a rotation.

    \b
      journal keys add --file keys.json            give the file to every producer and worker
      journal keys promote --file keys.json KID    then let producers seal with the new key
      journal keys remove --file keys.json KID     when nothing sealed with the old one is left
    """
    key = new_key()
    _write(path, [*_read(path), key])
    click.echo(json.dumps({"kid": key["kid"], "seals": False}))


@keys.command()
@_FILE
@click.argument("kid")
def promote(path: Path, kid: str) -> None:
    """Let the key KID seal from now on; all others still open."""
    content = _read(path)
    _write(path, [_find(path, content, kid), *(key for key in content if key["kid"] != kid)])
    click.echo(json.dumps({"kid": kid, "seals": True}))


@keys.command()
@_FILE
@click.argument("kid")
def remove(path: Path, kid: str) -> None:
    """Remove the key KID; what was sealed with it can never be opened again."""
    content = _read(path)
    if _find(path, content, kid) is content[0]:
        raise ConfigurationError(f"{path}: {kid} seals; promote another key first")
    _write(path, [key for key in content if key["kid"] != kid])
    click.echo(json.dumps({"kid": kid, "removed": True}))


def _read(path: Path) -> list[dict[str, Any]]:
    KeySet.load(path)  # refuses what is no key set
    content: list[dict[str, Any]] = json.loads(path.read_bytes())["keys"]
    return content


def _find(path: Path, content: list[dict[str, Any]], kid: str) -> dict[str, Any]:
    for key in content:
        if key["kid"] == kid:
            return key
    raise ConfigurationError(f"{path}: no key has the id {kid}")


def _write(path: Path, content: list[dict[str, Any]]) -> None:
    try:
        write_key_file(path, content)
    except OSError as exc:
        raise ConfigurationError(f"key file {path}: {exc.strerror}") from None
