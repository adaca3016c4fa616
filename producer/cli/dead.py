"""`journal dead`: what could not be processed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from producer.cli.options import keys_option, redis_option
from producer.dead import DeadLetters, open_letter
from producer.errors import SealError, ValidationError
from producer.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from producer.dead import StoredLetter

_ALL = click.option("--all", "everything", is_flag=True, help="All letters instead of some ids.")
_REASON = click.option("--reason", help="Only letters with this reason.")
_IDS = click.argument("entry_ids", nargs=-1, metavar="[ENTRY_ID...]")


@click.group()
def dead() -> None:
    """List, show, replay or drop the entries that could not be processed."""


@dead.command("list")
@_REASON
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
@redis_option
def list_letters(reason: str | None, as_json: bool, redis_url: str | None) -> None:
    """List dead letters, oldest first: id, reason, deliveries, when. Never their text."""
    letters = DeadLetters(Settings.load(redis_url=redis_url))
    table = Table("entry", "reason", "deliveries", "failed at", "sealed bytes")
    for stored in letters:
        letter = stored.letter
        if reason and letter.reason.value != reason:
            continue
        if as_json:
            click.echo(json.dumps(_described(stored)))
        else:
            table.add_row(
                letter.entry_id, letter.reason.value, str(letter.deliveries),
                f"{letter.failed_at:%Y-%m-%d %H:%M:%S}", f"{len(letter.sealed):,}",
            )  # fmt: skip
    if not as_json:
        Console().print(table if table.row_count else "no dead letters")


@dead.command()
@click.argument("entry_id")
@click.option("--open", "opened", is_flag=True, help="Open it with the key set and print its text.")
@keys_option
@redis_option
def show(entry_id: str, opened: bool, keys_file: Path | None, redis_url: str | None) -> None:
    """Show the letters of one entry; its text only with --open and the key."""
    settings = Settings.load(redis_url=redis_url, keys_file=keys_file)
    found = DeadLetters(settings).find(entry_id)
    if not found:
        raise ValidationError("no dead letter has this entry id")
    for stored in found:
        described = _described(stored)
        if opened:
            try:
                described["text"] = open_letter(stored.letter, settings.key_set()).text
            except SealError as exc:
                described["unopened"] = str(exc)
        click.echo(json.dumps(described, ensure_ascii=False))


@dead.command()
@_IDS
@_ALL
@_REASON
@redis_option
def replay(
    entry_ids: tuple[str, ...], everything: bool, reason: str | None, redis_url: str | None
) -> None:
    """Put letters back on the queue, say after a bug was mended; each leaves the dead stream."""
    letters = DeadLetters(Settings.load(redis_url=redis_url))
    count = letters.replay(_chosen(letters, entry_ids, everything, reason))
    click.echo(json.dumps({"replayed": count}))


@dead.command()
@_IDS
@_ALL
@_REASON
@click.option("--yes", is_flag=True, help="Do not ask.")
@redis_option
def drop(
    entry_ids: tuple[str, ...],
    everything: bool,
    reason: str | None,
    yes: bool,
    redis_url: str | None,
) -> None:
    """Delete letters for good. What was written in them is gone then."""
    letters = DeadLetters(Settings.load(redis_url=redis_url))
    chosen = _chosen(letters, entry_ids, everything, reason)
    if chosen and not yes:
        click.confirm(f"Delete {len(chosen)} entries for good?", abort=True, err=True)
    click.echo(json.dumps({"dropped": letters.drop(chosen)}))


def _chosen(
    letters: DeadLetters, entry_ids: tuple[str, ...], everything: bool, reason: str | None
) -> list[StoredLetter]:
    if bool(entry_ids) == everything:
        raise click.UsageError("name entry ids, or --all")
    wanted = set(entry_ids)
    return [
        stored
        for stored in letters
        if (everything or stored.letter.entry_id in wanted)
        and (reason is None or stored.letter.reason.value == reason)
    ]


def _described(stored: StoredLetter) -> dict[str, object]:
    letter = stored.letter
    return {
        "entry_id": letter.entry_id,
        "reason": letter.reason.value,
        "deliveries": letter.deliveries,
        "failed_at": letter.failed_at.isoformat(),
        "sealed_bytes": len(letter.sealed),
    }
