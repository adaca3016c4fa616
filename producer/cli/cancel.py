"""`journal cancel`: take entries back that are not answered yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from producer.cli.options import EXIT_CHECK_FAILED, open_keyless_client, redis_option

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.argument("entry_ids", nargs=-1, required=True, metavar="ID...")
@redis_option
def cancel(entry_ids: Sequence[str], redis_url: str | None) -> None:
    """Cancel entries that are not answered yet: nothing of them is published or kept.

    Prints {"entry_id", "cancelled"} a line. Exits with 1 if one was not there: it is answered, is a
    dead letter (see `journal dead drop`), or is not known.
    """
    everything = True
    with open_keyless_client(redis_url) as client:
        for entry_id in entry_ids:
            cancelled = client.cancel(entry_id)
            everything = everything and cancelled
            click.echo(json.dumps({"entry_id": entry_id, "cancelled": cancelled}))
    if not everything:
        raise SystemExit(EXIT_CHECK_FAILED)
