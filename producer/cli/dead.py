"""`journal dead`: list, show, replay and drop dead letters."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from producer.cli.options import keys_option, redis_option
from producer.dead_letters import PAGE, dead_letters_of, open_dead_letter
from producer.errors import SealError, ValidationError
from producer.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from producer.dead_letters import DeadLetters, StoredLetter

_ALL = click.option("--all", "everything", is_flag=True, help="All letters instead of some ids.")
_REASON = click.option("--reason", help="Only letters with this reason.")
_IDS = click.argument("entry_ids", nargs=-1, metavar="[ID...]")


@click.group()
def dead() -> None:
    """List, show, replay or drop the entries that could not be processed."""


@dead.command("list")
@_REASON
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of a table.")
@redis_option
def list_letters(reason: str | None, as_json: bool, redis_url: str | None) -> None:
    """List dead letters, oldest first: id, reason, deliveries, when. Never their text.

    What was not sealed is withheld: only how many characters came is kept. A letter that this
    version cannot read has the reason `unreadable`; it can be dropped by its
    stream id.
    """
    letters = dead_letters_of(Settings.load(redis_url=redis_url))
    chosen = (stored for stored in letters if reason is None or stored.reason == reason)
    if as_json:
        for stored in chosen:
            click.echo(json.dumps(_described(stored)))
        return
    console = Console()
    # A table for each page: any number of dead letters takes the memory of one page.
    empty = True
    for page in _pages(chosen):
        empty = False
        table = Table("stream id", "entry", "reason", "deliveries", "failed at", "sealed bytes")
        for stored in page:
            values = list(_described(stored).values())[: len(table.columns)]
            table.add_row(*("-" if value is None else escape(str(value)) for value in values))
        console.print(table)
    if empty:
        console.print("no dead letters")


@dead.command()
@click.argument("entry_id")
@click.option("--open", "opened", is_flag=True, help="Open it with the key set and print its text.")
@keys_option
@redis_option
def show(entry_id: str, opened: bool, keys_file: Path | None, redis_url: str | None) -> None:
    """Show the letters of one entry; its text only with --open and the key."""
    settings = Settings.load(redis_url=redis_url, keys_file=keys_file)
    found = dead_letters_of(settings).find(entry_id)
    if not found:
        raise ValidationError("no dead letter has this entry id")
    for stored in found:
        described = _described(stored)
        if opened and stored.letter is not None:
            try:
                described["text"] = open_dead_letter(stored.letter, settings.key_set()).text
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
    """Put letters back on the queue, say after a bug was mended; each leaves the dead stream.

    Results that nobody could open or handle go back to the results. An entry that was submitted
    again since stays a dead letter, and so does what was not sealed, of which nothing is kept. Exit
    code 3: no room for all; the rest are still dead letters.
    """
    letters = dead_letters_of(Settings.load(redis_url=redis_url))
    count = letters.replay(_chosen(letters, entry_ids, everything, reason))
    click.echo(json.dumps({"replayed": count}))


@dead.command()
@click.argument("key_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@redis_option
def abandon(key_id: str, yes: bool, redis_url: str | None) -> None:
    """Give up the entries that wait for the key KEY_ID, when that key is lost for good.

    They become dead letters, `unknown_key`, and may be submitted again. Should the key be found
    after all, `journal dead replay --all --reason unknown_key` puts them back.
    """
    if not yes:
        click.confirm(f"Give up all that waits for the key {key_id}?", abort=True, err=True)
    count = dead_letters_of(Settings.load(redis_url=redis_url)).abandon(key_id)
    click.echo(json.dumps({"abandoned": count}))


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
    letters = dead_letters_of(Settings.load(redis_url=redis_url))
    chosen = [stored.stream_id for stored in _chosen(letters, entry_ids, everything, reason)]
    if chosen and not yes:
        click.confirm(f"Delete {len(chosen)} letters for good?", abort=True, err=True)
    click.echo(json.dumps({"dropped": letters.drop(chosen)}))


def _chosen(
    letters: DeadLetters, names: tuple[str, ...], everything: bool, reason: str | None
) -> Iterator[StoredLetter]:
    """The dead letters named by entry id or stream id, or all; one page of them is in memory."""
    if bool(names) == everything:
        raise click.UsageError("name entry ids, or --all")
    wanted = set(names)
    return (
        stored
        for stored in letters
        if (everything or stored.entry_id in wanted or stored.stream_id in wanted)
        and (reason is None or stored.reason == reason)
    )


def _pages(letters: Iterable[StoredLetter]) -> Iterator[list[StoredLetter]]:
    rest = iter(letters)
    while page := list(islice(rest, PAGE)):
        yield page


def _described(stored: StoredLetter) -> dict[str, object]:
    letter = stored.letter
    return {
        "stream_id": stored.stream_id,
        "entry_id": stored.entry_id,
        "reason": stored.reason,
        "deliveries": letter and letter.deliveries,
        "failed_at": letter and letter.failed_at.isoformat(timespec="seconds"),
        "sealed_bytes": letter and len(letter.sealed),
        "withheld": letter and letter.withheld,
    }
